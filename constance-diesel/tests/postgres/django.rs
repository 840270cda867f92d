//! What is particular about the table that Django made, on PostgreSQL.

use constance_core::{
    Backend, ErrorKind,
    backend::{Batch, Wake},
};
use constance_diesel::diesel::Connection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::result::Error;
use constance_diesel::{Layout, PostgresBackend};

use crate::django_table;
use crate::postgres_support::{LONG, Schema, everywhere, key, read, set, store, texts, value, write};

#[path = "../common/django.rs"]
mod any;

fn over(schema: &Schema) -> PostgresBackend {
    PostgresBackend::builder().url(schema.url()).layout(Layout::Django).build().expect("a valid URL")
}

/// Each server there is, with Django's table.
fn made() -> impl Iterator<Item = (Schema, PostgresBackend)> {
    everywhere().into_iter().map(|(schema, _)| {
        schema.raw().batch_execute(django_table::ON_POSTGRES).expect("Django's statements");
        let backend = over(&schema);
        (schema, backend)
    })
}

#[test]
fn a_missing_table_is_a_matter_for_django() {
    let Some(schema) = Schema::new() else { return };
    any::a_missing_table_is_a_matter_for_django(&over(&schema));
}

#[test]
fn a_table_of_another_shape_is_refused_by_its_differences() {
    for (schema, _) in everywhere() {
        let statement = "CREATE TABLE constance_constance (key text NOT NULL PRIMARY KEY, value bytea NULL)";
        schema.raw().batch_execute(statement).expect("a table");
        let differences = ["the column \"key\" has text COLLATE", "the column \"value\" has bytea and needs text"];
        any::refused_by(&over(&schema), &differences);
    }
}

#[test]
fn values_are_text_and_replacing_one_takes_no_number() {
    for (schema, backend) in made() {
        assert!(backend.migrate().expect("the table is right").is_empty());
        assert!(!backend.capability().binary);
        store(&backend, "theme", "Gr\u{fc}n".as_bytes());
        for _ in 0..3 {
            store(&backend, "theme", "bl\u{e4}u".as_bytes());
        }
        store(&backend, "title", b"text");
        let rows = "SELECT concat(id, key, value) AS text FROM constance_constance ORDER BY id";
        assert_eq!(texts(&mut schema.raw(), rows), ["1themebl\u{e4}u", "2titletext"]);
        let error = backend.write(&Batch::one(set(&key("theme"), b"a\0b"))).expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Encode, "{error}");
    }
}

#[test]
fn a_null_is_unreadable_under_its_own_key() {
    for (schema, backend) in made() {
        let rows = "INSERT INTO constance_constance (key, value) VALUES ('theme', NULL), ('title', 'text')";
        schema.raw().batch_execute(rows).expect("rows");
        any::a_null_is_unreadable_under_its_own_key(&backend);
    }
}

#[test]
fn a_key_is_found_by_the_index() {
    for (schema, backend) in made() {
        let mut raw = schema.raw();
        let rows = "INSERT INTO constance_constance (key, value) SELECT 'key' || n, n FROM generate_series(1, 5000) n; \
                    ANALYZE constance_constance";
        raw.batch_execute(rows).expect("rows");
        let scans = raw.transaction(|connection| {
            assert_eq!(read(&backend.within(connection), "key7").expect("a read"), value(b"7"));
            let query = "SELECT concat(seq_scan, ' and ', idx_scan) AS text FROM pg_stat_xact_user_tables \
                         WHERE relid = 'constance_constance'::regclass";
            Ok::<_, Error>(texts(connection, query))
        });
        // A collation beside the key's own would read every row.
        assert_eq!(scans.expect("a commit"), ["0 and 1"]);
    }
}

#[test]
fn a_feed_hears_of_any_writer() {
    for (schema, backend) in made() {
        let mut feed = backend.watch(&backend.default_prefix()).expect("a feed");
        for statement in [
            "INSERT INTO constance_constance (key, value) VALUES ('theme', 'dark')",
            "UPDATE constance_constance SET value = 'light'",
            "DELETE FROM constance_constance",
        ] {
            schema.raw().batch_execute(statement).expect("a statement");
            assert_eq!(feed.wait(LONG).expect("a wait"), Wake::Changed, "{statement}");
        }
    }
}
