//! Migrations of PostgreSQL.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use constance_core::{
    Backend, ErrorKind,
    backend::{Applied, Batch, Expect, Stored},
};
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::migration::Migration;
use constance_diesel::diesel::pg::Pg;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool, TestCustomizer};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use crate::postgres_support;
use crate::postgres_support::{Schema, key, patient, read, set, store, texts, until, value};

#[path = "../common/migrations.rs"]
mod together;

const ALL: [&str; 3] = ["0001_settings", "0002_revisions", "0003_notify"];

fn backend(schema: &Schema) -> PostgresBackend {
    patient(&schema.url()).build().expect("a valid URL")
}

fn tables(schema: &Schema) -> Vec<String> {
    let query =
        format!("SELECT tablename::text AS text FROM pg_tables WHERE schemaname = '{}' ORDER BY 1", schema.name);
    texts(&mut schema.raw(), &query)
}

#[test]
fn migrating_says_what_it_did() {
    let Some(schema) = Schema::new() else { return };
    let backend = backend(&schema);
    assert_eq!(backend.pending().expect("a look"), ALL);
    assert!(tables(&schema).is_empty(), "asking creates nothing");
    assert_eq!(backend.migrate().expect("tables"), ALL);
    assert_eq!(tables(&schema), ["constance_settings", "constance_settings_migrations"]);
    store(&backend, "a", b"1");
    assert!(backend.pending().expect("a look").is_empty());
    assert!(backend.migrate().expect("nothing to do").is_empty());
    Backend::migrate(&backend).expect("the trait's does the same");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
}

#[test]
fn two_schemas_and_two_tables_do_not_see_each_other() {
    let Some((one, two)) = Schema::new().zip(Schema::new()) else { return };
    let other = |schema: &Schema| patient(&schema.url()).table("Other \"one\"").build().expect("a valid URL");
    let backends = [backend(&one), backend(&two), other(&one), other(&two)];
    for (place, backend) in backends.iter().enumerate() {
        assert_eq!(backend.migrate().expect("tables"), ALL);
        assert_eq!(read(backend, "a").expect("a read"), Stored::Absent);
        store(backend, "a", place.to_string().as_bytes());
    }
    for (place, backend) in backends.iter().enumerate() {
        assert_eq!(read(backend, "a").expect("a read"), value(place.to_string().as_bytes()));
    }
}

#[test]
fn many_may_migrate_at_once() {
    let Some(all) = (0..8).map(|_| Schema::new()).collect::<Option<Vec<_>>>() else { return };
    for schema in all {
        together::one_of_many_migrates(|number| {
            // Some of them under a level at which nothing new is seen after the first look.
            let strict = if number % 2 == 0 { "" } else { " -c default_transaction_isolation=serializable" };
            patient(&schema.url_with(strict)).build().expect("a valid URL")
        });
    }
}

const URL: &str = "CONSTANCE_TEST_URL";

#[test]
fn processes_may_migrate_at_once() {
    if let Ok(url) = std::env::var(URL) {
        let backend = patient(&url).build().expect("a valid URL");
        backend.migrate().expect("tables");
        assert_eq!(read(&backend, "a").expect("there for everybody"), Stored::Absent);
        return;
    }
    let Some(schema) = Schema::new() else { return };
    let start = |_| {
        Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "migrate::processes_may_migrate_at_once", "--nocapture"])
            .env(URL, schema.url())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process")
    };
    let children: Vec<Child> = (0..4).map(start).collect();
    for child in children {
        let output = child.wait_with_output().expect("a process");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "a process failed; its output is above: {said}");
    }
}

/// The application's own migrations, as its developers write them.
fn migrations_of_the_application(folder: &std::path::Path) -> FileBasedMigrations {
    let first = folder.join("migrations/2026-01-01-000000_app");
    std::fs::create_dir_all(&first).expect("a folder");
    std::fs::write(first.join("up.sql"), "CREATE TABLE app (id INTEGER)").expect("a file");
    std::fs::write(first.join("down.sql"), "DROP TABLE app").expect("a file");
    FileBasedMigrations::from_path(folder.join("migrations")).expect("migrations")
}

#[test]
fn migrations_of_the_application_are_not_disturbed() {
    let Some(schema) = Schema::new() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let own = migrations_of_the_application(folder.path());
    let pool = Pool::builder().max_size(1).build(ConnectionManager::new(schema.url())).expect("a pool");
    let backend = PostgresBackend::with_pool(pool.clone());
    assert_eq!(backend.migrate().expect("tables"), ALL);
    assert_eq!(
        pool.get().expect("a connection").run_pending_migrations(own.clone()).expect("the application's").len(),
        1
    );
    store(&backend, "a", b"1");
    assert!(backend.pending().expect("a look").is_empty());
    // Fails where it finds a version that it does not know.
    pool.get().expect("a connection").revert_all_migrations(own.clone()).expect("only its own are reverted");
    assert_eq!(read(&backend, "a").expect("ours stay"), value(b"1"));
    let migrations = diesel_migrations_of(&own);
    assert!(migrations.iter().all(|name| !ALL.contains(&name.as_str())));
}

fn diesel_migrations_of(own: &FileBasedMigrations) -> Vec<String> {
    use constance_diesel::diesel::migration::MigrationSource;

    let migrations = MigrationSource::<Pg>::migrations(own).expect("migrations");
    migrations.iter().map(|migration| Migration::name(migration).to_string()).collect()
}

#[test]
fn a_failed_migration_leaves_nothing_half_done() {
    let Some(schema) = Schema::new() else { return };
    // In the way of the last statement: the table of versions refuses the row.
    schema
        .raw()
        .batch_execute("CREATE TABLE constance_settings_migrations (version text CHECK (version = 'hunter2'))")
        .expect("a table");
    let error = backend(&schema).migrate().expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().starts_with("cannot migrate postgres: "), "{error}");
    assert!(!postgres_support::shown(&error).contains("hunter2"));
    assert_eq!(tables(&schema), ["constance_settings_migrations"]);
}

#[test]
fn a_lock_is_a_timeout() {
    let Some(schema) = Schema::new() else { return };
    let backend = patient(&schema.url())
        // The other tests migrate tables of the usual name, and who does that keeps others out for longer than this waits.
        .table("locked")
        .busy_timeout(Duration::from_millis(20))
        .build()
        .expect("a valid URL");
    let mut other = schema.raw();
    other
        .batch_execute("CREATE TABLE locked_migrations (version text); BEGIN; LOCK locked_migrations")
        .expect("a lock");
    let error = backend.migrate().expect_err("locked");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true), "{error}");
    other.batch_execute("ROLLBACK").expect("the end of the lock");
    assert_eq!(until("tables", || backend.migrate().ok()), ALL);
}

#[test]
fn a_pool_for_tests_keeps_nothing() {
    let Some(schema) = Schema::new() else { return };
    for _ in 0..2 {
        // What diesel's guide has an application's tests do: one connection, in a transaction that is never committed.
        let manager = ConnectionManager::new(schema.url());
        let pool = Pool::builder().max_size(1).connection_customizer(Box::new(TestCustomizer)).build(manager);
        let backend = PostgresBackend::with_pool(pool.expect("a pool"));
        assert_eq!(backend.migrate().expect("tables"), ALL);
        let create = Batch::one(set(&key("a"), b"1").expecting(Expect::Absent)).wanting_previous(true);
        assert_eq!(backend.write(&create).expect("a write"), Applied::Done(vec![Stored::Absent]));
        assert!(matches!(backend.write(&create).expect("a write"), Applied::Conflict { .. }));
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    }
}

#[test]
fn a_table_made_by_hand_is_adopted_where_its_keys_are_compared_as_bytes() {
    let Some(schema) = Schema::new() else { return };
    let backend = backend(&schema);
    let make = |key: &str| {
        let make = format!(
            "DROP TABLE IF EXISTS constance_settings; \
             CREATE TABLE constance_settings (key {key} PRIMARY KEY, value bytea NOT NULL); \
             INSERT INTO constance_settings VALUES ('a', '1')"
        );
        schema.raw().batch_execute(&make).expect("a table");
    };
    make("text COLLATE \"de-x-icu\"");
    let error = backend.fake().expect_err("in the order of a language a prefix is no range");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error.to_string().contains("the column \"key\" has text COLLATE \"de-x-icu\" and needs text COLLATE"),
        "{error}"
    );
    make("varchar(255) COLLATE \"C\"");
    assert_eq!(backend.fake().expect("it fits"), ALL[..1]);
    assert_eq!(backend.migrate().expect("the rest"), ALL[1..]);
    assert_eq!(read(&backend, "a").expect("kept"), value(b"1"));
    assert_eq!(backend.revert_last().expect("the trigger goes").as_deref(), Some(ALL[2]));
    assert_eq!(backend.revert_last().expect("the columns go").as_deref(), Some(ALL[1]));
    let error = backend.revert_last().expect_err("values would be lost");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(backend.migrate().expect("again"), ALL[1..]);
    assert_eq!(read(&backend, "a").expect("kept"), value(b"1"));
}
