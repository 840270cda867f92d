//! Tables that are there already.

use std::sync::Barrier;

use constance_core::{Backend, ErrorKind, backend::Stored};
use constance_diesel::SqliteBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};
use constance_diesel::diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types};

use crate::common;
use crate::common::{Folder, patient, read, store, value};

const ALL: [&str; 2] = ["0001_settings", "0002_revisions"];

/// A table as the documentation says it has to be, made by somebody's hand.
const RIGHT: &str = "CREATE TABLE constance_settings (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    value BLOB NOT NULL,
    revision INTEGER NOT NULL,
    changed_at TEXT NOT NULL,
    note TEXT
)";

const OLDER: &str = "CREATE TABLE constance_settings (key TEXT PRIMARY KEY, value BLOB NOT NULL)";

fn backend(folder: &Folder) -> SqliteBackend {
    patient(&folder.url())
}

fn made(sql: &str) -> (Folder, SqliteBackend) {
    let folder = Folder::new();
    folder.raw().batch_execute(sql).expect("a table");
    let backend = backend(&folder);
    (folder, backend)
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
    texts(folder, "SELECT coalesce(sql, name) AS text FROM sqlite_master ORDER BY name")
}

#[test]
fn a_right_table_is_adopted_with_its_values() {
    let (folder, backend) = made(RIGHT);
    folder
        .raw()
        .batch_execute("INSERT INTO constance_settings (key, value, revision, changed_at) VALUES ('a', x'31', 7, '')")
        .expect("a row");
    let before = tables(&folder);
    assert_eq!(backend.fake().expect("adopted"), ALL);
    assert_eq!(backend.pending().expect("a look"), [""; 0]);
    assert_eq!(backend.fake().expect("nothing to do"), [""; 0]);
    assert_eq!(backend.migrate().expect("nothing to do"), [""; 0]);
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    store(&backend, "a", b"2");
    store(&backend, "b", b"3");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"2"));
    assert_eq!(read(&backend, "b").expect("a read"), value(b"3"));
    let revisions = texts(&folder, "SELECT key || revision AS text FROM constance_settings ORDER BY key");
    assert_eq!(revisions, ["a8", "b1"]);
    let after = tables(&folder);
    assert!(before.iter().all(|table| after.contains(table)), "the table is left as it was: {after:?}");
}

#[test]
fn an_older_table_is_adopted_and_migrated_with_its_values() {
    let (folder, backend) = made(OLDER);
    folder.raw().batch_execute("INSERT INTO constance_settings VALUES ('a', x'31'), ('b', x'')").expect("rows");
    let error = backend.migrate().expect_err("made by no migration");
    assert_eq!(
        error.to_string(),
        "cannot migrate sqlite: the table \"constance_settings\" is there already, made by no migration; \
         run DieselBackend::fake to adopt it, or choose another name with Builder::table"
    );
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Configuration, false));
    assert_eq!(backend.fake().expect("adopted"), ALL[..1]);
    assert_eq!(backend.pending().expect("a look"), ALL[1..]);
    assert_eq!(read(&backend, "a").expect("a read of an older table"), value(b"1"));
    let error = backend
        .write(&constance_core::backend::Batch::one(common::set(&common::key("a"), b"hunter2")))
        .expect_err("no place for the revision");
    assert_eq!(error.kind(), ErrorKind::NotMigrated, "{error}");
    assert_eq!(backend.fake().expect("nothing to do"), [""; 0]);
    assert_eq!(backend.migrate().expect("the rest"), ALL[1..]);
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    assert_eq!(read(&backend, "b").expect("a read"), value(b""));
    store(&backend, "a", b"2");
    let rows = texts(&folder, "SELECT key || revision || (changed_at > '2026') AS text FROM constance_settings");
    assert_eq!(rows, ["a21", "b11"]);
}

#[test]
fn fake_and_migrate_name_every_difference_and_change_nothing() {
    let wrong = [
        (
            "CREATE TABLE constance_settings (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
            "it has no column \"key\", it has no column \"value\", the column \"name\" has to be given a value",
        ),
        (
            "CREATE TABLE constance_settings (key VARCHAR(255) NOT NULL UNIQUE, value TEXT NULL)",
            "the column \"key\" has varchar(255) and needs text, the column \"value\" has text and needs blob, \
             the column \"value\" may be null",
        ),
        (
            "CREATE TABLE constance_settings (key TEXT, value BLOB NOT NULL)",
            "the column \"key\" may be null, the column \"key\" has no unique index of its own",
        ),
        (
            "CREATE TABLE constance_settings (site TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, \
             PRIMARY KEY (site, key))",
            "the column \"key\" has no unique index of its own, the column \"site\" has to be given a value",
        ),
        (
            "CREATE TABLE constance_settings (key TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, value BLOB NOT NULL)",
            "the column \"key\" has text collate nocase and needs text",
        ),
        (
            "CREATE TABLE constance_settings (key TEXT NOT NULL, value BLOB NOT NULL); \
             CREATE UNIQUE INDEX some ON constance_settings (key) WHERE key > 'k'",
            "the column \"key\" has no unique index of its own",
        ),
        (
            "CREATE TABLE constance_settings (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL)",
            "it has no column \"changed_at\"",
        ),
        (
            "CREATE TABLE constance_settings (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER, \
             changed_at INTEGER NOT NULL, owner TEXT NOT NULL)",
            "the column \"revision\" may be null, the column \"changed_at\" has integer and needs text, \
             the column \"owner\" has to be given a value",
        ),
    ];
    for (sql, words) in wrong {
        let (folder, backend) = made(sql);
        let before = tables(&folder);
        let error = backend.fake().expect_err(sql);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let text =
            format!("cannot migrate sqlite: the table \"constance_settings\" is not as a migration makes it: {words};");
        assert!(error.to_string().starts_with(&text), "{sql}\n{error}");
        let error = backend.migrate().expect_err(sql);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(
            error.to_string().contains(&format!("is there already, and not as a migration makes it: {words};")),
            "{error}"
        );
        assert_eq!(tables(&folder), before);
    }
}

#[test]
fn without_a_table_there_is_nothing_to_adopt() {
    let folder = Folder::new();
    let error = backend(&folder).fake().expect_err("no file");
    assert_eq!(error.kind(), ErrorKind::NotMigrated);
    assert!(!folder.file().exists(), "adopting creates nothing");
    let (folder, backend) = made("CREATE TABLE app (id INTEGER)");
    let error = backend.fake().expect_err("no table");
    assert_eq!(
        error.to_string(),
        "cannot migrate sqlite: there is no table to adopt; run the `migrate` command, or call DieselBackend::migrate"
    );
    assert_eq!(tables(&folder).len(), 1);
}

#[test]
fn an_older_table_that_was_changed_by_hand_is_not_migrated_further() {
    let (folder, backend) = made(OLDER);
    backend.fake().expect("adopted");
    folder.raw().batch_execute("ALTER TABLE constance_settings ADD COLUMN revision TEXT").expect("a column");
    let error = backend.migrate().expect_err("in the way");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error.to_string().contains("is not as its migrations made it: it has the column \"revision\" already"),
        "{error}"
    );
    assert_eq!(backend.pending().expect("a look"), ALL[1..]);
    folder.raw().batch_execute("ALTER TABLE constance_settings DROP COLUMN revision").expect("no column");
    assert_eq!(backend.migrate().expect("the rest"), ALL[1..]);
}

#[test]
fn what_somebody_else_has_added_is_adopted_too() {
    let (folder, backend) = made(OLDER);
    backend.fake().expect("adopted");
    folder
        .raw()
        .batch_execute(
            "ALTER TABLE constance_settings ADD COLUMN revision INTEGER NOT NULL DEFAULT 1; \
             ALTER TABLE constance_settings ADD COLUMN changed_at TEXT NOT NULL DEFAULT ''",
        )
        .expect("columns");
    let error = backend.migrate().expect_err("made by no migration");
    assert!(error.to_string().contains("run DieselBackend::fake"), "{error}");
    assert_eq!(backend.fake().expect("adopted"), ALL[1..]);
    store(&backend, "a", b"1");
}

#[test]
fn a_table_made_by_hand_goes_through_a_life_with_its_values() {
    let (folder, backend) = made(OLDER);
    folder.raw().batch_execute("INSERT INTO constance_settings VALUES ('a', x'31')").expect("a row");
    backend.fake().expect("adopted");
    backend.migrate().expect("migrated");
    store(&backend, "b", b"2");
    assert_eq!(backend.revert_last().expect("reverted"), Some(ALL[1].to_owned()));
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    assert_eq!(read(&backend, "b").expect("a read"), value(b"2"));
    assert_eq!(backend.revert_last().expect_err("it holds values").kind(), ErrorKind::Unsupported);
    assert_eq!(backend.migrate().expect("migrated"), ALL[1..]);
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    assert_eq!(read(&backend, "b").expect("a read"), value(b"2"));
    store(&backend, "a", b"3");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"3"));
}

#[test]
fn many_may_adopt_and_migrate_at_once() {
    for round in 0..10 {
        let (folder, _) = made(OLDER);
        folder.raw().batch_execute("INSERT INTO constance_settings VALUES ('a', x'31')").expect("a row");
        let barrier = Barrier::new(6);
        let mut applied: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        let backend = backend(&folder);
                        barrier.wait();
                        let mut applied = backend.fake().expect("adopted");
                        applied.extend(backend.migrate().expect("migrated"));
                        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
                        applied
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        });
        applied.sort();
        assert_eq!(applied, ALL, "each was done once, in round {round}");
    }
}

#[test]
fn a_pool_of_the_application_adopts_too() {
    let (folder, _) = made(RIGHT);
    let manager = ConnectionManager::<SqliteConnection>::new(folder.file().to_str().expect("UTF-8"));
    let backend = SqliteBackend::with_pool(Pool::builder().max_size(1).build(manager).expect("a pool"));
    assert_eq!(backend.fake().expect("adopted"), ALL);
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
}
