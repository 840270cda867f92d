//! Migrations.

use constance_core::{
    Backend, ErrorKind,
    backend::{Applied, Batch, Expect, Stored},
};
use constance_diesel::SqliteBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::migration::{Migration, MigrationSource};
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool, TestCustomizer};
use constance_diesel::diesel::sqlite::Sqlite;
use constance_diesel::diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use crate::common::{Folder, key, patient, read, set, store, until, value};

#[path = "../common/migrations.rs"]
mod together;

const ALL: [&str; 2] = ["0001_settings", "0002_revisions"];

fn backend(folder: &Folder) -> SqliteBackend {
    patient(&folder.url())
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = sql_types::Text)]
    text: String,
}

fn texts(connection: &mut SqliteConnection, query: &str) -> Vec<String> {
    sql_query(query).load::<Text>(connection).expect("a query").into_iter().map(|row| row.text).collect()
}

#[test]
fn migrating_creates_the_file_and_says_what_it_did() {
    let folder = Folder::new();
    let backend = backend(&folder);
    assert_eq!(backend.pending().expect("no file is no error"), ALL);
    assert!(!folder.file().exists(), "asking creates nothing");
    assert_eq!(backend.migrate().expect("tables"), ALL);
    assert_eq!(backend.pending().expect("a look"), Vec::<String>::new());
    store(&backend, "a", b"1");
    assert_eq!(backend.migrate().expect("nothing to do"), Vec::<String>::new());
    Backend::migrate(&backend).expect("the trait's does the same");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
}

#[test]
fn pending_creates_nothing_in_a_file_that_is_there() {
    let folder = Folder::new();
    folder.raw().batch_execute("CREATE TABLE app (id INTEGER)").expect("the application's");
    assert_eq!(backend(&folder).pending().expect("a look"), ALL);
    assert_eq!(texts(&mut folder.raw(), "SELECT name AS text FROM sqlite_master"), ["app"]);
}

#[test]
fn the_write_ahead_log_stays_with_the_file() {
    let folder = Folder::new();
    let backend = backend(&folder);
    folder.raw().batch_execute("PRAGMA journal_mode = DELETE; CREATE TABLE app (id INTEGER)").expect("a file");
    read(&backend, "a").expect_err("no table");
    let mode = |folder: &Folder| texts(&mut folder.raw(), "SELECT journal_mode AS text FROM pragma_journal_mode");
    assert_eq!(mode(&folder), ["delete"], "a read does not change the file");
    backend.migrate().expect("tables");
    assert_eq!(mode(&folder), ["wal"]);
}

#[test]
fn many_may_migrate_at_once() {
    for _ in 0..10 {
        let folder = Folder::new();
        together::one_of_many_migrates(|_| backend(&folder));
    }
}

/// The application's own migrations, as its developers write them.
fn migrations_of_the_application(folder: &Folder) -> FileBasedMigrations {
    let migrations = folder.file().with_file_name("migrations");
    let first = migrations.join("2026-01-01-000000_app");
    std::fs::create_dir_all(&first).expect("a folder");
    std::fs::write(first.join("up.sql"), "CREATE TABLE app (id INTEGER)").expect("a file");
    std::fs::write(first.join("down.sql"), "DROP TABLE app").expect("a file");
    FileBasedMigrations::from_path(migrations).expect("migrations")
}

#[test]
fn migrations_of_the_application_are_not_disturbed() {
    let folder = Folder::new();
    let manager = ConnectionManager::<SqliteConnection>::new(folder.file().to_str().expect("UTF-8"));
    let pool = Pool::builder().max_size(1).build(manager).expect("a pool");
    let backend = SqliteBackend::with_pool(pool.clone());
    let own = migrations_of_the_application(&folder);

    assert_eq!(backend.migrate().expect("tables"), ALL);
    {
        let mut connection = pool.get().expect("a connection");
        let count = MigrationSource::<Sqlite>::migrations(&own).expect("migrations").len();
        assert_eq!(connection.run_pending_migrations(own.clone()).expect("the application's").len(), count);
    }
    store(&backend, "a", b"1");
    assert_eq!(backend.pending().expect("a look"), Vec::<String>::new());
    {
        let mut connection = pool.get().expect("a connection");
        // Fails where it finds a version that it does not know.
        connection.revert_all_migrations(own.clone()).expect("only its own are reverted");
        let versions = texts(&mut connection, "SELECT version AS text FROM __diesel_schema_migrations");
        assert_eq!(versions, Vec::<String>::new());
    }
    assert_eq!(read(&backend, "a").expect("ours stay"), value(b"1"));
    let ours = texts(&mut folder.raw(), "SELECT version AS text FROM constance_settings_migrations");
    assert_eq!(ours, ALL);
    let migrations = MigrationSource::<Sqlite>::migrations(&own).expect("migrations");
    assert!(migrations.iter().all(|migration| Migration::name(migration).to_string() != ALL[0]));
}

#[test]
fn a_failed_migration_leaves_nothing_half_done() {
    let folder = Folder::new();
    // In the way of the last statement: the table of versions refuses the row.
    folder
        .raw()
        .batch_execute("CREATE TABLE constance_settings_migrations (version TEXT NOT NULL CHECK (version = 'hunter2'))")
        .expect("a table");
    let error = backend(&folder).migrate().expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().starts_with("cannot migrate sqlite: "), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"));
    let tables = texts(&mut folder.raw(), "SELECT name AS text FROM sqlite_master WHERE type = 'table'");
    assert_eq!(tables, ["constance_settings_migrations"]);
}

#[test]
fn a_lock_is_a_timeout() {
    let folder = Folder::new();
    let backend = SqliteBackend::builder()
        .url(folder.url())
        .busy_timeout(std::time::Duration::from_millis(20))
        .build()
        .expect("a valid URL");
    let mut other = folder.raw();
    other.batch_execute("CREATE TABLE app (id INTEGER); BEGIN IMMEDIATE").expect("the lock");
    let error = backend.migrate().expect_err("locked");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true));
    other.batch_execute("COMMIT").expect("the end of the lock");
    assert_eq!(until("tables", || backend.migrate().ok()), ALL);
}

#[test]
fn a_pool_for_tests_keeps_nothing() {
    let folder = Folder::new();
    // What diesel's guide has an application's tests do: one connection, in a transaction that is never committed.
    let pool = || {
        let manager = ConnectionManager::<SqliteConnection>::new(folder.file().to_str().expect("UTF-8"));
        Pool::builder().max_size(1).connection_customizer(Box::new(TestCustomizer)).build(manager).expect("a pool")
    };
    for _ in 0..2 {
        let backend = SqliteBackend::with_pool(pool());
        assert_eq!(backend.migrate().expect("tables"), ALL);
        let create = Batch::one(set(&key("a"), b"1").expecting(Expect::Absent)).wanting_previous(true);
        assert_eq!(backend.write(&create).expect("a write"), Applied::Done(vec![Stored::Absent]));
        assert!(matches!(backend.write(&create).expect("a write"), Applied::Conflict { .. }));
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    }
}

#[test]
fn a_store_that_is_up_to_date_is_migrated_without_the_right_to_write() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/settings.sqlite3", dir.path().display());
    SqliteBackend::from_url(&url).and_then(|backend| backend.migrate()).expect("migrates");
    let reader = SqliteBackend::from_url(&format!("{url}?mode=ro")).expect("a URL");
    assert!(reader.migrate().expect("nothing to do").is_empty());
}
