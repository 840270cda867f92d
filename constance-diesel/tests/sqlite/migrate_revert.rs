//! Back to older tables, and beside newer ones.

use std::sync::Barrier;

use constance_core::{Backend, ErrorKind, Prefix, backend::Stored};
use constance_diesel::SqliteBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};
use constance_diesel::diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use crate::common;
use crate::common::{Folder, patient, read, store, value};

const ALL: [&str; 2] = ["0001_settings", "0002_revisions"];

fn migrated(folder: &Folder) -> SqliteBackend {
    folder.backend()
}

fn named(folder: &Folder, table: &str) -> SqliteBackend {
    SqliteBackend::builder().url(folder.url()).table(table).build().expect("a valid URL")
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = sql_types::Text)]
    text: String,
}

fn texts(folder: &Folder, query: &str) -> Vec<String> {
    let rows = sql_query(query).load::<Text>(&mut folder.raw()).expect("a query");
    rows.into_iter().map(|row| row.text).collect()
}

fn tables(folder: &Folder) -> Vec<String> {
    texts(folder, "SELECT name AS text FROM sqlite_master WHERE type = 'table' ORDER BY name")
}

#[test]
fn every_value_survives_there_and_back() {
    let folder = Folder::new();
    let backend = migrated(&folder);
    for at in 0..200 {
        store(&backend, &format!("k{at:03}"), format!("{at}").as_bytes());
    }
    let all = |backend: &SqliteBackend| {
        let mut all = backend.list(&Prefix::empty()).expect("a list");
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    };
    let before = all(&backend);
    assert_eq!(before.len(), 200);
    for _ in 0..3 {
        assert_eq!(backend.revert_last().expect("reverted"), Some(ALL[1].to_owned()));
        assert_eq!(backend.pending().expect("a look"), ALL[1..]);
        assert_eq!(all(&backend), before);
        assert_eq!(backend.migrate().expect("migrated"), ALL[1..]);
        assert_eq!(all(&backend), before);
    }
    store(&backend, "k000", b"new");
    assert_eq!(read(&backend, "k000").expect("a read"), value(b"new"));
}

#[test]
fn values_are_only_dropped_by_name() {
    let folder = Folder::new();
    let backend = migrated(&folder);
    // Another application's, under a prefix of its own.
    folder.raw().batch_execute("INSERT INTO constance_settings (key, value) VALUES ('other:a', x'31')").expect("a row");
    let error = backend.revert_all().expect_err("it holds a value");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unsupported, false));
    assert_eq!(
        error.to_string(),
        "cannot migrate sqlite: the table \"constance_settings\" holds values, which would be lost; \
         remove them first, or run DieselBackend::revert_all_dropping_values"
    );
    assert_eq!(backend.pending().expect("a look"), [""; 0], "nothing was undone, not even what could be");
    assert_eq!(texts(&folder, "SELECT key || revision AS text FROM constance_settings"), ["other:a1"]);

    backend.revert_last().expect("the second");
    assert_eq!(backend.revert_last().expect_err("the first").kind(), ErrorKind::Unsupported);
    assert_eq!(backend.revert_all_dropping_values().expect("said by name"), ALL[..1]);
    assert_eq!(read(&backend, "a").expect_err("no table").kind(), ErrorKind::NotMigrated);
    assert_eq!(tables(&folder), ["constance_settings_migrations"]);
    assert_eq!(backend.revert_all_dropping_values().expect("nothing to do"), [""; 0]);
    assert_eq!(backend.migrate().expect("tables"), ALL);
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
    assert_eq!(backend.revert_all().expect("it is empty"), [ALL[1], ALL[0]]);
}

#[test]
fn without_a_database_there_is_nothing_to_revert() {
    let folder = Folder::new();
    let backend = patient(&folder.url());
    assert_eq!(backend.revert_last().expect("nothing"), None);
    assert_eq!(backend.revert_all().expect("nothing"), [""; 0]);
    assert!(!folder.file().exists(), "reverting creates nothing");
    folder.raw().batch_execute("CREATE TABLE app (id INTEGER)").expect("the application's");
    assert_eq!(backend.revert_last().expect("nothing"), None);
    assert_eq!(tables(&folder), ["app"]);
}

#[test]
fn a_table_changed_by_hand_is_not_reverted() {
    let folder = Folder::new();
    let backend = migrated(&folder);
    let mut raw = folder.raw();
    raw.batch_execute("ALTER TABLE constance_settings ADD COLUMN owner TEXT NOT NULL DEFAULT ''").expect("harmless");
    raw.batch_execute("ALTER TABLE constance_settings DROP COLUMN changed_at").expect("not so");
    let error = backend.revert_last().expect_err("of no known shape");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("made it: it has no column \"changed_at\""), "{error}");
    assert_eq!(backend.pending().expect_err("the same").kind(), ErrorKind::Configuration);
}

#[test]
fn a_table_that_somebody_dropped_can_be_made_anew() {
    let folder = Folder::new();
    let backend = migrated(&folder);
    folder.raw().batch_execute("DROP TABLE constance_settings").expect("an accident");
    assert_eq!(backend.revert_all().expect("there is nothing to lose"), [ALL[1], ALL[0]]);
    assert_eq!(backend.migrate().expect("tables"), ALL);
    store(&backend, "a", b"1");
}

#[test]
fn a_revert_that_fails_midway_leaves_nothing_half_done() {
    let folder = Folder::new();
    let backend = migrated(&folder);
    // SQLite drops no column that a view reads.
    folder
        .raw()
        .batch_execute("CREATE VIEW changes AS SELECT revision FROM constance_settings")
        .expect("a view of the application's");
    assert!(backend.revert_last().is_err());
    store(&backend, "a", b"1");
    let columns = texts(&folder, "SELECT name AS text FROM pragma_table_info('constance_settings')");
    assert_eq!(columns, ["key", "value", "revision", "changed_at"]);
    assert_eq!(backend.pending().expect("a look"), [""; 0]);
}

#[test]
fn a_newer_release_may_have_migrated_the_database() {
    let folder = Folder::new();
    let backend = migrated(&folder);
    store(&backend, "a", b"1");
    folder
        .raw()
        .batch_execute(
            "ALTER TABLE constance_settings ADD COLUMN author TEXT NOT NULL DEFAULT 'nobody'; \
             INSERT INTO constance_settings_migrations (version) VALUES ('0003_authors')",
        )
        .expect("what the newer release does");
    // The process that is still running, and one more of the old release that starts now.
    for backend in [backend, migrated(&folder)] {
        assert_eq!(backend.pending().expect("a look"), [""; 0]);
        assert_eq!(backend.migrate().expect("nothing to do"), [""; 0]);
        assert_eq!(backend.fake().expect("nothing to do"), [""; 0]);
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
        store(&backend, "a", b"1");
        for refused in [backend.revert_last().map(drop), backend.revert_all_dropping_values().map(drop)] {
            let error = refused.expect_err("it would not know how");
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert_eq!(
                error.to_string(),
                "cannot migrate sqlite: a newer release applied the migration \"0003_authors\", which this one does not \
                 know; revert with that release"
            );
        }
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    }
}

#[test]
fn two_tables_in_one_database_do_not_meet() {
    let folder = Folder::new();
    // Names that have to be quoted, of the greatest length, and one that begins like another.
    let long = "x".repeat(48);
    let names = ["shop", "shop_settings", "select", "a \"quoted\" `name`'", "%_\\", long.as_str()];
    let backends = names.map(|name| named(&folder, name));
    for backend in &backends {
        assert_eq!(backend.pending().expect("a look"), ALL);
        assert_eq!(backend.migrate().expect("tables"), ALL);
    }
    for (name, backend) in names.iter().zip(&backends) {
        store(backend, "a", name.as_bytes());
        store(backend, "b", b"removed");
    }
    for (name, backend) in names.iter().zip(&backends) {
        assert_eq!(read(backend, "a").expect("a read"), value(name.as_bytes()));
        let removed = constance_core::backend::Change::remove(common::key("b"));
        backend.write(&constance_core::backend::Batch::one(removed)).expect("a write");
        assert_eq!(backend.list(&Prefix::empty()).expect("a list").len(), 1);
        assert_eq!(backend.revert_last().expect("reverted").as_deref(), Some(ALL[1]));
        assert_eq!(read(backend, "a").expect("a read"), value(name.as_bytes()));
        assert_eq!(backend.revert_last().expect_err("it holds a value").kind(), ErrorKind::Unsupported);
        assert_eq!(backend.migrate().expect("migrated"), ALL[1..]);
    }
    for (at, backend) in backends.iter().enumerate() {
        assert_eq!(backend.revert_all_dropping_values().expect("dropped").len(), 2);
        for (name, other) in names.iter().zip(&backends).skip(at + 1) {
            assert_eq!(read(other, "a").expect("the others stay"), value(name.as_bytes()));
        }
    }
    assert_eq!(tables(&folder).len(), names.len(), "the tables of versions stay");
}

#[test]
fn statements_over_a_name_of_ones_own_are_cached() {
    use constance_diesel::diesel::connection::{Connection, InstrumentationEvent};
    use std::sync::atomic::{AtomicUsize, Ordering};

    static PREPARED: AtomicUsize = AtomicUsize::new(0);
    let folder = Folder::new();
    let manager = ConnectionManager::<SqliteConnection>::new(folder.file().to_str().expect("UTF-8"));
    let pool = Pool::builder().max_size(1).build(manager).expect("a pool");
    pool.get().expect("a connection").set_instrumentation(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::CacheQuery { .. } = event {
            PREPARED.fetch_add(1, Ordering::Relaxed);
        }
    });
    let backends = ["one", "other"]
        .map(|name| SqliteBackend::builder().pool(pool.clone()).table(name).build().expect("a backend"));
    let work = || {
        for backend in &backends {
            store(backend, "a", b"1");
            read(backend, "a").expect("a read");
            backend.read(&[&common::key("a"), &common::key("b")]).expect("a read");
            backend.list(&Prefix::empty()).expect("a list");
        }
    };
    backends.iter().for_each(|backend| drop(backend.migrate().expect("tables")));
    work();
    let before = PREPARED.load(Ordering::Relaxed);
    assert!(before >= 8, "four statements over each table: {before}");
    (0..10).for_each(|_| work());
    assert_eq!(PREPARED.load(Ordering::Relaxed), before, "everything was in the cache already");
}

#[test]
fn migrating_adopting_and_reverting_may_meet() {
    for _ in 0..10 {
        let folder = Folder::new();
        let backend = migrated(&folder);
        store(&backend, "a", b"1");
        let barrier = Barrier::new(6);
        std::thread::scope(|scope| {
            for at in 0..6 {
                let (folder, barrier) = (&folder, &barrier);
                scope.spawn(move || {
                    let backend = patient(&folder.url());
                    barrier.wait();
                    for _ in 0..5 {
                        match at % 3 {
                            0 => drop(backend.migrate().expect("migrates")),
                            1 => drop(backend.fake().expect("adopts what is there")),
                            _ => match backend.revert_last() {
                                Ok(version) => assert_eq!(version.as_deref(), Some(ALL[1])),
                                Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
                            },
                        }
                        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
                    }
                });
            }
        });
        backend.migrate().expect("migrates");
        store(&backend, "a", b"2");
        assert_eq!(read(&backend, "a").expect("a read"), value(b"2"));
    }
}

#[test]
fn migrations_of_the_application_are_not_disturbed_on_the_way_back() {
    let folder = Folder::new();
    let migrations = folder.file().with_file_name("migrations");
    let first = migrations.join("2026-01-01-000000_app");
    std::fs::create_dir_all(&first).expect("a folder");
    std::fs::write(first.join("up.sql"), "CREATE TABLE app (id INTEGER); INSERT INTO app VALUES (1)").expect("a file");
    std::fs::write(first.join("down.sql"), "DROP TABLE app").expect("a file");
    let own = FileBasedMigrations::from_path(migrations).expect("migrations");
    let backend = migrated(&folder);
    folder.raw().run_pending_migrations(own.clone()).expect("the application's");
    let applied = "SELECT version AS text FROM __diesel_schema_migrations";
    let before = texts(&folder, applied);
    assert_eq!(before.len(), 1);

    assert_eq!(backend.revert_all().expect("ours alone"), [ALL[1], ALL[0]]);
    assert_eq!(texts(&folder, applied), before);
    assert_eq!(texts(&folder, "SELECT CAST(id AS TEXT) AS text FROM app"), ["1"]);
    let mut raw = folder.raw();
    assert!(!raw.has_pending_migration(own.clone()).expect("a look"));
    raw.revert_all_migrations(own.clone()).expect("its own alone");
    raw.run_pending_migrations(own).expect("and again");
    assert_eq!(backend.migrate().expect("tables"), ALL);
    assert_eq!(texts(&folder, applied), before);
}
