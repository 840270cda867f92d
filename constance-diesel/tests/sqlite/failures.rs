//! Real faults, and what they are called.

use std::error::Error as _;
use std::fs;

use constance_core::{
    Backend, Error, ErrorKind, Prefix,
    backend::{Batch, Change, Encoded, Expect, Stored},
};
use constance_diesel::SqliteBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};
use constance_diesel::diesel::{RunQueryDsl, SqliteConnection, sql_query};

use crate::common::{Folder, key, read, set, store, until, url, value};

/// What an error shows anywhere.
fn shown(error: &Error) -> String {
    format!("{error} {error:?} {:?}", error.source().map(ToString::to_string))
}

fn write(backend: &dyn Backend, name: &str, value: &[u8]) -> constance_core::Result<()> {
    backend.write(&Batch::one(set(&key(name), value))).map(drop)
}

#[test]
fn a_lock_of_another_connection_is_a_timeout() {
    let folder = Folder::new();
    let backend = folder.hasty();
    store(&backend, "a", b"1");
    let mut other = folder.raw();
    other.batch_execute("BEGIN IMMEDIATE").expect("the lock");

    let error = write(&backend, "a", b"hunter2").expect_err("locked");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true));
    assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
    let checked = set(&key("a"), b"2").expecting(Expect::Equals(Encoded::from(&b"1"[..])));
    assert_eq!(backend.write(&Batch::one(checked)).expect_err("locked").kind(), ErrorKind::Timeout);
    assert_eq!(read(&backend, "a").expect("a reader does not wait for a writer"), value(b"1"));

    other.batch_execute("ROLLBACK").expect("the end of the lock");
    until("the next call tries again", || write(&backend, "a", b"2").ok());
}

#[test]
fn a_read_of_a_locked_file_is_never_absence() {
    let folder = Folder::new();
    let backend = folder.backend();
    store(&backend, "a", b"1");
    drop(backend);
    let mut other = folder.raw();
    // Without the write-ahead log a writer can keep readers out.
    other.batch_execute("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE").expect("the lock");
    let backend = SqliteBackend::builder()
        .url(folder.url())
        .busy_timeout(std::time::Duration::from_millis(20))
        .build()
        .expect("a valid URL");
    assert_eq!(read(&backend, "a").expect_err("locked").kind(), ErrorKind::Timeout);
    assert_eq!(backend.list(&Prefix::empty()).expect_err("locked").kind(), ErrorKind::Timeout);
    assert_eq!(backend.migrate().expect_err("locked").kind(), ErrorKind::Timeout);
    other.batch_execute("COMMIT").expect("the end of the lock");
    assert_eq!(until("a read", || read(&backend, "a").ok()), value(b"1"));
}

#[test]
fn a_missing_table_says_to_migrate() {
    let folder = Folder::new();
    let backend = SqliteBackend::from_url(&folder.url()).expect("a valid URL");
    let look = |what: &str| {
        let calls = [
            read(&backend, "a").map(drop),
            backend.read(&[&key("a"), &key("b")]).map(drop),
            backend.list(&Prefix::empty()).map(drop),
            write(&backend, "a", b"hunter2"),
            backend.visit(&key("a"), &mut |_| panic!("a visitor is not called on an error")),
            backend.ping(),
            backend.watch(&Prefix::empty()).map(drop),
        ];
        for (place, call) in calls.into_iter().enumerate() {
            let error = call.expect_err(what);
            assert_eq!(error.kind(), ErrorKind::NotMigrated, "{what}, call {place}: {error}");
            assert!(
                error.to_string().ends_with("; run the `migrate` command, or call DieselBackend::migrate"),
                "{error}"
            );
        }
    };
    look("no file");
    assert!(!folder.file().exists(), "neither reading nor writing creates the file");
    folder.raw().batch_execute("CREATE TABLE app (id INTEGER)").expect("another table");
    look("no table");
    backend.migrate().expect("tables");
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
    folder.raw().batch_execute("DROP TABLE constance_settings").expect("an accident");
    look("no table any more");
}

#[test]
fn a_url_may_ask_for_the_file_to_be_made() {
    let folder = Folder::new();
    let url = format!("{}?mode=rwc", folder.url());
    let backend = SqliteBackend::builder().url(url).pool_size(1).build().expect("a valid URL");
    assert_eq!(read(&backend, "a").expect_err("no table").kind(), ErrorKind::NotMigrated);
    assert!(folder.file().exists());
    backend.migrate().expect("tables");
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
}

#[test]
fn a_missing_folder_is_an_outage() {
    let folder = Folder::new();
    let missing = folder.file().with_file_name("missing");
    let backend = SqliteBackend::from_url(&url(&missing.join("x.sqlite3"))).expect("a valid URL");
    for call in [read(&backend, "a").map(drop), write(&backend, "a", b"1"), backend.migrate().map(drop)] {
        let error = call.expect_err("no folder");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true));
        assert!(error.to_string().contains("folder of the database file does not exist"), "{error}");
    }
    fs::create_dir(&missing).expect("a folder");
    backend.migrate().expect("the next call tries again");
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
}

#[test]
fn an_outage_does_not_wait_for_the_pool() {
    let folder = Folder::new();
    let backend = SqliteBackend::builder()
        .url(url(&folder.file().join("x.sqlite3")))
        // A test that waits this out does not end.
        .acquire_timeout(std::time::Duration::from_secs(1_000_000))
        .build()
        .expect("a valid URL");
    assert_eq!(read(&backend, "a").expect_err("no folder").kind(), ErrorKind::Unavailable);
}

#[test]
fn an_exhausted_pool_is_a_timeout() {
    let folder = Folder::new();
    folder.backend();
    let manager = ConnectionManager::<SqliteConnection>::new(folder.file().to_str().expect("UTF-8"));
    let pool =
        Pool::builder().max_size(1).connection_timeout(std::time::Duration::from_millis(20)).build_unchecked(manager);
    let backend = SqliteBackend::with_pool(pool.clone());
    let held = until("the only connection", || pool.get().ok());
    let error = read(&backend, "a").expect_err("exhausted");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("pool"), "{error}");
    drop(held);
    assert_eq!(until("a read", || read(&backend, "a").ok()), Stored::Absent);
}

#[test]
fn a_pool_of_the_application_that_cannot_connect_is_an_outage() {
    let folder = Folder::new();
    let missing = folder.file().join("hunter2.sqlite3");
    let manager = ConnectionManager::<SqliteConnection>::new(missing.to_str().expect("UTF-8"));
    let pool = Pool::builder()
        .connection_timeout(std::time::Duration::from_millis(20))
        .error_handler(Box::new(constance_diesel::diesel::r2d2::NopErrorHandler))
        .build_unchecked(manager);
    let backend = SqliteBackend::with_pool(pool);
    // Before the pool's first try has failed it knows no more than that none came free.
    let failed = || read(&backend, "a").err().filter(|error| error.kind() == ErrorKind::Unavailable);
    let error = until("the failure", failed);
    assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
}

#[test]
fn other_files_are_no_database() {
    let folder = Folder::new();
    for bytes in [&b"hunter2 hunter2 hunter2 hunter2 "[..], &[0xff; 4096]] {
        fs::write(folder.file(), bytes).expect("a file");
        let backend = SqliteBackend::from_url(&folder.url()).expect("a valid URL");
        for call in [read(&backend, "a").map(drop), write(&backend, "a", b"1"), backend.migrate().map(drop)] {
            let error = call.expect_err("no database");
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, false));
            assert!(error.to_string().contains("not an SQLite database"), "{error}");
            assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
        }
        assert_eq!(fs::read(folder.file()).expect("the file"), bytes, "it is left as it was");
    }
    let error = read(&SqliteBackend::from_url(&url(folder.file().parent().expect("a folder"))).expect("a URL"), "a")
        .expect_err("a folder");
    assert!(error.to_string().contains("folder in place of the database file"), "{error}");
}

#[test]
fn a_damaged_file_is_an_outage_and_never_a_panic() {
    let folder = Folder::new();
    let backend = folder.backend();
    for at in 0..200 {
        store(&backend, &format!("key-{at}"), &[b'v'; 200]);
    }
    drop(backend);
    folder.raw().batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE").expect("one file");
    let whole = fs::read(folder.file()).expect("the file");
    let mut damaged = whole.clone();
    // The header stays, so that it is still taken for a database.
    damaged[4096..].fill(0xa5);
    for bytes in [&damaged[..], &whole[..whole.len() / 2 - 100]] {
        fs::write(folder.file(), bytes).expect("a file");
        let backend = SqliteBackend::from_url(&folder.url()).expect("a valid URL");
        let error = backend.list(&Prefix::empty()).expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(!shown(&error).contains("vvv"), "{}", shown(&error));
    }
}

#[test]
fn a_read_only_database_denies_writes() {
    let folder = Folder::new();
    store(&folder.backend(), "a", b"1");
    let backend = SqliteBackend::from_url(&format!("{}?mode=ro", folder.url())).expect("a valid URL");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    assert_eq!(backend.migrate().expect("nothing is pending"), Vec::<String>::new());
    assert_eq!(backend.pending().expect("a look"), Vec::<String>::new());
    let error = write(&backend, "a", b"2").expect_err("read only");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Denied, false));
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
}

#[test]
fn a_full_disk_is_an_outage_that_does_not_pass_by_itself() {
    let folder = Folder::new();
    let backend = folder.backend();
    store(&backend, "a", b"1");
    let manager = ConnectionManager::<SqliteConnection>::new(folder.file().to_str().expect("UTF-8"));
    let pool = Pool::builder().max_size(1).build(manager).expect("a pool");
    pool.get().expect("a connection").batch_execute("PRAGMA max_page_count = 8").expect("a limit");
    let full = SqliteBackend::with_pool(pool);
    let large = [b'x'; 100_000];
    for batch in [
        Batch::one(set(&key("b"), &large)),
        Batch::new(vec![set(&key("a"), b"2"), set(&key("b"), &large)]).expect("two keys"),
        Batch::one(set(&key("b"), &large)).wanting_previous(true),
    ] {
        let error = full.write(&batch).expect_err("full");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, false), "{error}");
        assert!(error.to_string().contains("full"), "{error}");
    }
    assert_eq!(read(&full, "a").expect("a read"), value(b"1"), "nothing of the batch was applied");
    write(&full, "a", b"3").expect("the connection still works");
}

#[test]
fn what_is_no_blob_is_foreign_and_hides_nothing() {
    let folder = Folder::new();
    let backend = folder.backend();
    let mut raw = folder.raw();
    raw.batch_execute(
        "DROP TABLE constance_settings;
         CREATE TABLE constance_settings (\"key\" TEXT PRIMARY KEY, \"value\", \"revision\" INTEGER, \"changed_at\" TEXT);
         INSERT INTO constance_settings VALUES
             ('null', NULL, 1, ''), ('text', 'hunter2', 1, ''), ('integer', 42, 1, ''), ('real', 4.5, 1, ''),
             ('blob', x'6f6b', 1, ''), ('empty', x'', 1, '')",
    )
    .expect("rows of another writer");
    let names = ["null", "text", "integer", "real", "blob", "empty", "absent"];
    let keys = names.map(key);
    let found = backend.read(&keys.iter().collect::<Vec<_>>()).expect("one does not hide the others");
    let wanted = [
        Stored::Foreign("an SQL NULL"),
        Stored::Foreign("a text"),
        Stored::Foreign("an integer"),
        Stored::Foreign("a real number"),
        value(b"ok"),
        value(b""),
        Stored::Absent,
    ];
    assert_eq!(found, wanted);
    for (name, wanted) in names.iter().zip(&wanted) {
        assert_eq!(read(&backend, name).expect("a read"), *wanted, "{name}");
    }
    assert_eq!(backend.list(&Prefix::empty()).expect("a list").len(), 6);
    let error = backend.visit(&key("text"), &mut |_| panic!("not called")).expect_err("foreign");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(!shown(&error).contains("hunter2"));
    let absent = Batch::one(set(&key("null"), b"1").expecting(Expect::Absent));
    assert!(matches!(
        backend.write(&absent).expect("a write"),
        constance_core::backend::Applied::Conflict { index: 0, current: Stored::Foreign("an SQL NULL") }
    ));
    write(&backend, "text", b"repaired").expect("a set repairs it");
    assert_eq!(read(&backend, "text").expect("a read"), value(b"repaired"));
    backend.write(&Batch::one(Change::remove(key("null")))).expect("a removal repairs it");
    assert_eq!(read(&backend, "null").expect("a read"), Stored::Absent);
}

#[test]
fn keys_of_others_are_passed_over() {
    let folder = Folder::new();
    let backend = folder.backend();
    for name in 0..100 {
        store(&backend, &format!("k{name}"), b"1");
    }
    folder
        .raw()
        .batch_execute(
            "INSERT INTO constance_settings VALUES
                 (CAST(x'6b35ff' AS TEXT), x'00', 1, ''), (CAST(x'6b35efbfbd' AS TEXT), x'00', 1, ''),
                 (x'6b35', x'00', 1, ''), (x'ff', x'00', 1, ''), ('', x'00', 1, ''), ('a b', x'00', 1, ''),
                 ('other:k5', x'00', 1, ''), (5, x'00', 1, '')",
        )
        .expect("rows of another writer");
    let mut names: Vec<String> =
        backend.list(&Prefix::empty()).expect("a list").iter().map(|(key, _)| key.name().to_owned()).collect();
    names.sort();
    let mut wanted: Vec<String> = (0..100).map(|at| format!("k{at}")).chain(["5".to_owned()]).collect();
    wanted.sort();
    assert_eq!(names, wanted);
    // What stands for bytes that are not text is a character that a prefix may hold.
    folder
        .raw()
        .batch_execute("INSERT INTO constance_settings VALUES (CAST(x'ff3a61' AS TEXT), x'00', 1, '')")
        .expect("a row of another writer");
    let odd = Prefix::new("\u{fffd}:").expect("a prefix");
    assert_eq!(backend.list(&odd).expect("a list"), []);
    let keys: Vec<_> = (0..100).map(|at| key(&format!("k{at}"))).collect();
    for found in backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read") {
        assert_eq!(found, value(b"1"));
    }
}

#[test]
fn a_table_of_another_shape_is_no_missing_table() {
    let folder = Folder::new();
    let backend = SqliteBackend::from_url(&folder.url()).expect("a valid URL");
    folder.raw().batch_execute("CREATE TABLE constance_settings (id INTEGER)").expect("somebody else's table");
    let error = read(&backend, "a").expect_err("no such column");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, false));
    assert!(error.to_string().contains("not as the migrations made it"), "{error}");
}

#[test]
fn words_of_a_trigger_are_not_passed_on() {
    let folder = Folder::new();
    let backend = folder.backend();
    folder
        .raw()
        .batch_execute(
            "CREATE TRIGGER strict BEFORE INSERT ON constance_settings BEGIN SELECT RAISE(ABORT, 'hunter2'); END",
        )
        .expect("a trigger");
    let error = write(&backend, "a", b"1").expect_err("refused");
    assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
}

#[test]
#[cfg(unix)]
fn a_replaced_file_is_opened_anew() {
    let folder = Folder::new();
    let backend = folder.backend();
    store(&backend, "a", b"old");
    let other = Folder::new();
    store(&other.backend(), "a", b"new");
    other.raw().batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("one file");
    // As somebody does who puts a backup in place; the old log would not belong to it.
    for log in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{log}", folder.file().display()));
    }
    fs::rename(other.file(), folder.file()).expect("a restored backup");
    write(&backend, "b", b"looks at once").expect("a write");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"new"));
    write(&backend, "a", b"newer").expect("a write");
    let rows = sql_query("UPDATE constance_settings SET revision = 9 WHERE value = x'6e65776572'")
        .execute(&mut folder.raw())
        .expect("an update");
    assert_eq!(rows, 1, "the write is in the file that is there");
    fs::remove_file(folder.file()).expect("a deleted file");
    // A read looks from time to time only.
    let error = until("a read that notices", || read(&backend, "a").err());
    assert_eq!(error.kind(), ErrorKind::NotMigrated);
}

#[test]
fn no_debug_shows_the_url() {
    let text = format!(
        "{:?} {:?}",
        SqliteBackend::from_url("sqlite:///hunter2/x").expect("a valid URL"),
        SqliteBackend::builder().url("sqlite:///hunter2/x")
    );
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn refused_options_say_why() {
    let builder = SqliteBackend::builder;
    let zero = std::time::Duration::ZERO;
    for (built, words) in [
        (builder().build(), "neither a URL nor a pool"),
        (builder().url("sqlite://a").pool_size(0).build(), "pool size is zero"),
        (builder().url("sqlite://a").acquire_timeout(zero).build(), "acquire timeout is zero"),
        (builder().url("sqlite::memory:").build(), "use constance-memory"),
        (builder().url("postgres://u:hunter2@h/d").build(), "not one of SQLite"),
    ] {
        let error = built.map(drop).expect_err(words);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(words) && !shown(&error).contains("hunter2"), "{error}");
    }
}
