//! Migrations of MySQL and MariaDB.

use std::time::Duration;

use constance_core::{
    Backend, ErrorKind,
    backend::{Applied, Batch, Expect, Stored},
};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::mysql::MysqlConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool, TestCustomizer};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use crate::mysql_support::{Place, key, number, raw, read, set, shown, store, texts, value};
use constance_testserver::MariadbServer;

#[path = "../common/migrations.rs"]
mod together;

const ALL: [&str; 2] = ["0001_settings", "0002_revisions"];

#[test]
fn migrating_says_what_it_did() {
    for place in Place::each() {
        let backend = place.unmigrated();
        assert_eq!(backend.pending().expect("no table is no error"), ALL);
        assert_eq!(tables(&place), Vec::<String>::new(), "asking creates nothing");
        assert_eq!(backend.migrate().expect("tables"), ALL);
        assert_eq!(backend.pending().expect("a look"), Vec::<String>::new());
        store(&backend, "a", b"1");
        assert_eq!(backend.migrate().expect("nothing to do"), Vec::<String>::new());
        Backend::migrate(&backend).expect("the trait's does the same");
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    }
}

/// The tables of a place.
fn tables(place: &Place) -> Vec<String> {
    let name = place.table.replace('`', "``").replace('_', "\\_");
    let query = format!(
        "SELECT table_name AS text FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND (table_name = '{0}' OR table_name LIKE '{name}\\_%')",
        place.table
    );
    texts(&mut raw(&place.url), &query)
}

#[test]
fn many_may_migrate_at_once() {
    for _ in 0..5 {
        for place in Place::each() {
            together::one_of_many_migrates(|_| place.unmigrated());
        }
    }
}

#[test]
fn a_migration_that_was_interrupted_is_finished_by_the_next() {
    for place in Place::each() {
        let backend = place.backend();
        store(&backend, "a", b"1");
        let versions = place.table.replace('`', "``");
        let forget = |which: &str| {
            raw(&place.url).batch_execute(&format!("DELETE FROM `{versions}_migrations` {which}")).expect("a removal");
        };
        // As after a crash between a change of the table and the note of it.
        forget("WHERE version = '0002_revisions'");
        assert_eq!(backend.migrate().expect("the rest of it"), [ALL[1]]);
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
        place.run("ALTER TABLE {} DROP COLUMN changed_at, DROP COLUMN revision");
        forget("");
        assert_eq!(backend.migrate().expect("all of it"), ALL);
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
        store(&backend, "a", b"2");
    }
}

#[test]
fn a_table_of_an_older_version_is_read_and_says_to_migrate() {
    for place in Place::each() {
        place.run("CREATE TABLE {} (`key` VARBINARY(255) PRIMARY KEY, value LONGBLOB NOT NULL)");
        place.run("INSERT INTO {} VALUES ('a', '1')");
        let backend = place.unmigrated();
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
        let error = backend.write(&Batch::one(set(&key("a"), b"2"))).expect_err("no such column");
        assert_eq!(error.kind(), ErrorKind::NotMigrated, "{}", shown(&error));
        assert_eq!(backend.fake().expect("adopted"), [ALL[0]]);
        assert_eq!(backend.migrate().expect("the rest"), [ALL[1]]);
        store(&backend, "b", b"2");
        assert_eq!(read(&backend, "a").expect("its values stay"), value(b"1"));
    }
}

#[test]
fn migrating_back_and_forth_keeps_every_value() {
    for place in Place::each() {
        let backend = place.backend();
        store(&backend, "a", b"1");
        assert_eq!(backend.revert_last().expect("back"), Some(ALL[1].to_owned()));
        let error = backend.revert_last().expect_err("it holds a value");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{}", shown(&error));
        assert_eq!(backend.migrate().expect("forth"), [ALL[1]]);
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
        // Nothing is left locked.
        store(&backend, "a", b"2");
        assert_eq!(backend.revert_all_dropping_values().expect("all of it"), [ALL[1], ALL[0]]);
        assert_eq!(read(&backend, "a").expect_err("no table").kind(), ErrorKind::NotMigrated);
        assert_eq!(backend.migrate().expect("forth"), ALL);
        store(&backend, "a", b"3");
    }
}

#[test]
fn a_table_of_the_right_shape_is_adopted() {
    for place in Place::each() {
        place.backend();
        let by_hand = Place::new(&place.url);
        by_hand.run(&format!("CREATE TABLE {{}} LIKE {}", place.quoted()));
        let backend = by_hand.unmigrated();
        assert_eq!(backend.migrate().expect_err("made by no migration").kind(), ErrorKind::Configuration);
        assert_eq!(backend.fake().expect("adopted"), ALL);
        store(&backend, "a", b"1");
        for (change, words) in [
            ("MODIFY `key` VARCHAR(255) NOT NULL", "key"),
            ("MODIFY value BLOB NOT NULL", "value"),
            ("DROP PRIMARY KEY", "key"),
            ("ADD COLUMN more INT NOT NULL", "more"),
            ("DROP COLUMN value", "value"),
        ] {
            let wrong = Place::new(&place.url);
            wrong.run(&format!("CREATE TABLE {{}} LIKE {}; ALTER TABLE {{}} {change}", place.quoted()));
            let error = wrong.unmigrated().fake().expect_err(change);
            assert_eq!(error.kind(), ErrorKind::Configuration, "{change}: {}", shown(&error));
            assert!(error.to_string().contains(words), "{change}: {error}");
        }
    }
}

#[test]
fn a_table_of_somebody_else_is_not_taken_over() {
    for place in Place::each() {
        place.run("CREATE TABLE {} (id INT)");
        let backend = place.unmigrated();
        for _ in 0..2 {
            let error = backend.migrate().expect_err("another table");
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Configuration, false));
            assert!(error.to_string().contains("is there already"), "{error}");
        }
        assert_eq!(tables(&place), [place.table.as_str()], "nothing was made beside it");
    }
}

#[test]
fn nor_is_one_that_looks_like_an_interrupted_migration() {
    for place in Place::each() {
        // As the first migration makes it.
        place.run("CREATE TABLE {} (`key` VARBINARY(255) PRIMARY KEY, value LONGBLOB NOT NULL)");
        place.run("INSERT INTO {} VALUES ('a', '1')");
        let backend = place.unmigrated();
        for _ in 0..2 {
            let error = backend.migrate().expect_err("made by no migration");
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Configuration, false));
            assert!(error.to_string().contains("run DieselBackend::fake to adopt it"), "{error}");
            assert_eq!(tables(&place), [place.table.as_str()], "nothing was made beside it");
        }
        assert_eq!(backend.fake().expect("adopted"), [ALL[0]]);
        assert_eq!(backend.migrate().expect("the rest"), [ALL[1]]);
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    }
}

#[test]
fn a_table_that_was_made_before_a_crash_is_our_own() {
    for place in Place::each() {
        place.backend();
        let crashed = Place::new(&place.url);
        // What a crash leaves between making the table and the note of it.
        let [ours, theirs] = [&place, &crashed].map(|place| place.table.replace('`', "``"));
        crashed.run(&format!("CREATE TABLE `{theirs}_migrations` LIKE `{ours}_migrations`"));
        crashed.run("CREATE TABLE {} (`key` VARBINARY(255) PRIMARY KEY, value LONGBLOB NOT NULL)");
        assert_eq!(crashed.unmigrated().migrate().expect("the rest"), ALL);
    }
}

#[test]
fn no_lock_is_left_behind() {
    for place in Place::each() {
        place.run("CREATE TABLE {} (id INT)");
        let manager = ConnectionManager::<MysqlConnection>::new(&place.url);
        let pool = Pool::builder().max_size(1).build(manager).expect("a pool");
        let backend = MysqlBackend::builder().pool(pool).table(&place.table).build().expect("a pool");
        backend.migrate().expect_err("another table");
        place.run("DROP TABLE {}");
        // The pool still has the connection of the first try.
        assert_eq!(place.unmigrated().migrate().expect("nobody holds the lock"), ALL);
    }
}

#[test]
fn a_lock_is_a_timeout() {
    for place in Place::each() {
        let mut other = raw(&place.url);
        let name = format!("CONCAT('constance:', LEFT(SHA2(CONCAT_WS('/', DATABASE(), '{}'), 256), 50))", place.table);
        let held = number(&mut other, &format!("SELECT CAST(GET_LOCK({name}, 0) AS SIGNED) AS number"));
        assert_eq!(held, 1);
        let hasty = place.builder().busy_timeout(Duration::from_secs(1)).build().expect("a valid URL");
        let error = hasty.migrate().expect_err("locked");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true));
        drop(other);
        assert_eq!(place.unmigrated().migrate().expect("tables"), ALL);
    }
}

#[test]
fn migrations_of_the_application_are_not_disturbed() {
    // They are in one table for everybody in a database.
    let Some(server) = MariadbServer::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let first = folder.path().join("2026-01-01-000000_app");
    std::fs::create_dir_all(&first).expect("a folder");
    std::fs::write(first.join("up.sql"), "CREATE TABLE app (id INTEGER)").expect("a file");
    std::fs::write(first.join("down.sql"), "DROP TABLE app").expect("a file");
    let own = FileBasedMigrations::from_path(folder.path()).expect("migrations");

    let backend = MysqlBackend::from_url(&server.url()).expect("a valid URL");
    assert_eq!(backend.migrate().expect("tables"), ALL);
    let mut connection = raw(&server.url());
    assert_eq!(connection.run_pending_migrations(own.clone()).expect("the application's").len(), 1);
    store(&backend, "a", b"1");
    assert_eq!(backend.pending().expect("a look"), Vec::<String>::new());
    // Fails where it finds a version that it does not know.
    connection.revert_all_migrations(own).expect("only its own are reverted");
    let versions = texts(&mut connection, "SELECT version AS text FROM __diesel_schema_migrations");
    assert_eq!(versions, Vec::<String>::new());
    assert_eq!(read(&backend, "a").expect("ours stay"), value(b"1"));
    let ours = texts(&mut connection, "SELECT version AS text FROM constance_settings_migrations");
    assert_eq!(ours, ALL);
}

#[test]
fn a_pool_for_tests_keeps_nothing() {
    for place in Place::each() {
        place.backend();
        // What diesel's guide has an application's tests do: one connection, in a transaction that is never committed.
        for _ in 0..2 {
            let manager = ConnectionManager::<MysqlConnection>::new(&place.url);
            let pool = Pool::builder().max_size(1).connection_customizer(Box::new(TestCustomizer)).build(manager);
            let builder = MysqlBackend::builder().pool(pool.expect("a pool")).table(&place.table);
            let backend = builder.build().expect("a pool");
            let create = Batch::one(set(&key("a"), b"1").expecting(Expect::Absent)).wanting_previous(true);
            assert_eq!(backend.write(&create).expect("a write"), Applied::Done(vec![Stored::Absent]));
            assert!(matches!(backend.write(&create).expect("a write"), Applied::Conflict { .. }));
            assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
        }
    }
}

#[test]
fn the_table_is_as_the_documentation_says() {
    for place in Place::each() {
        place.backend();
        let query = format!(
            "SELECT CONCAT_WS(' ', column_name, data_type, is_nullable, column_key) AS text \
             FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{}' \
             ORDER BY ordinal_position",
            place.table
        );
        let columns = texts(&mut raw(&place.url), &query);
        let wanted =
            ["key varbinary NO PRI", "value longblob NO ", "revision bigint NO ", "changed_at timestamp NO MUL"];
        assert_eq!(columns, wanted);
    }
}
