//! Real faults, and what they are called.

use std::time::Duration;

use constance_core::{
    Backend, Error, ErrorKind, Prefix,
    backend::{Applied, Batch, Change, Encoded, Expect, Stored},
};
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::mysql::MysqlConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, NopErrorHandler, Pool};
use constance_diesel::{Layout, MysqlBackend};

use crate::django_table;
use crate::mysql_support;
use crate::mysql_support::{
    Place, as_user, key, mariadb_admin, raw, read, set, shown, store, texts, until, value, write,
};
use constance_testserver::MariadbServer;

/// Short, where a test waits for it to pass.
const SOON: Duration = Duration::from_secs(1);

fn is(error: &Error, kind: ErrorKind, transient: bool, words: &str) {
    assert_eq!((error.kind(), error.is_transient()), (kind, transient), "{}", shown(error));
    let shown = shown(error);
    assert!(shown.contains(words), "{shown}");
    for secret in ["hunter2", "password-of-constance", "doesn't exist", "command denied"] {
        assert!(!shown.contains(secret), "driver text or a secret: {shown}");
    }
}

#[test]
fn a_missing_table_says_to_migrate() {
    for place in Place::each() {
        let backend = place.unmigrated();
        let look = |what: &str| {
            let calls = [
                read(&backend, "a").map(drop),
                backend.read(&[&key("a"), &key("b")]).map(drop),
                backend.list(&Prefix::empty()).map(drop),
                write(&backend, "a", b"hunter2"),
                backend.write(&Batch::one(set(&key("a"), b"hunter2")).wanting_previous(true)).map(drop),
                backend.visit(&key("a"), &mut |_| panic!("a visitor is not called on an error")),
                backend.ping(),
                backend.watch(&Prefix::empty()).map(drop),
            ];
            for (at, call) in calls.into_iter().enumerate() {
                let error = call.expect_err(what);
                is(&error, ErrorKind::NotMigrated, false, "1146");
                assert!(
                    error.to_string().ends_with("; run the `migrate` command, or call DieselBackend::migrate"),
                    "call {at}: {error}"
                );
            }
        };
        look("no table");
        backend.migrate().expect("tables");
        assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
        place.run("DROP TABLE {}");
        look("no table any more");
    }
}

#[test]
fn a_lock_of_another_connection_is_a_timeout() {
    for place in Place::each() {
        let backend = place.builder().busy_timeout(SOON).pool_size(1).build().expect("a valid URL");
        place.backend();
        store(&backend, "a", b"1");
        let mut other = raw(&place.url);
        let lock = format!("BEGIN; SELECT * FROM {} WHERE `key` = 'a' FOR UPDATE", place.quoted());
        other.batch_execute(&lock).expect("the lock");
        let checked = set(&key("a"), b"hunter2").expecting(Expect::Equals(Encoded::from(&b"1"[..])));
        let two = vec![set(&key("a"), b"hunter2"), set(&key("b"), b"hunter2")];
        let two = Batch::new(two).expect("two keys").wanting_previous(true);
        for batch in [
            Batch::one(set(&key("a"), b"hunter2")),
            Batch::one(checked),
            two.clone(),
            // Twice, on the same connection: the client library waits for ever for the rows of a statement that failed.
            two,
        ] {
            is(&backend.write(&batch).expect_err("locked"), ErrorKind::Timeout, true, "kept a lock");
        }
        assert_eq!(read(&backend, "a").expect("a reader does not wait for a writer"), value(b"1"));
        assert_eq!(read(&backend, "b").expect("a read"), Stored::Absent, "nothing of the batch was applied");
        other.batch_execute("ROLLBACK").expect("the end of the lock");
        write(&backend, "a", b"2").expect("the next call tries again");
    }
}

#[test]
fn a_statement_that_takes_too_long_is_a_timeout() {
    // MySQL has such a limit for reads only.
    let Some(url) = mysql_support::mariadb() else { return };
    let place = Place::new(&url);
    store(&place.backend(), "a", b"1");
    let backend = place.builder().busy_timeout(SOON * 600).statement_timeout(SOON).build().expect("a valid URL");
    let mut other = raw(&place.url);
    let lock = format!("BEGIN; SELECT * FROM {} WHERE `key` = 'a' FOR UPDATE", place.quoted());
    other.batch_execute(&lock).expect("the lock");
    is(&write(&backend, "a", b"hunter2").expect_err("locked"), ErrorKind::Timeout, true, "statement timeout");
    other.batch_execute("ROLLBACK").expect("the end of the lock");
    until("the connection still works", || write(&backend, "a", b"2").ok());
}

#[test]
fn a_deadlock_with_a_foreign_transaction_is_tried_again() {
    for place in Place::each() {
        let backend = place.backend();
        let batch = |value: &[u8]| {
            Batch::new(vec![set(&key("a"), value), set(&key("b"), value)]).expect("two keys").wanting_previous(true)
        };
        backend.write(&batch(b"0")).expect("a write");
        for round in 1..=5_u8 {
            let mut other = raw(&place.url);
            let (table, own) = (place.quoted(), [b'0' + round]);
            // In the order in which ours never locks; and with much done, so that it is not the one to be undone.
            let fill: Vec<String> = (0..50).map(|at| format!("('fill{round}-{at}', '1')")).collect();
            let begin = format!(
                "BEGIN; INSERT INTO {table} (`key`, value) VALUES {}; \
                 UPDATE {table} SET value = 'x' WHERE `key` = 'b'",
                fill.join(",")
            );
            other.batch_execute(&begin).expect("a lock");
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| backend.write(&batch(&own)).expect("tried again"));
                let mut looker = raw(&place.url);
                let waits = format!(
                    "SELECT COUNT(*) AS number FROM information_schema.processlist WHERE info LIKE '%{}%FOR UPDATE'",
                    place.quoted()
                );
                while mysql_support::number(&mut looker, &waits) == 0 {
                    std::thread::yield_now();
                }
                // Ours has the one and waits for the other.
                let update = format!("UPDATE {table} SET value = 'x' WHERE `key` = 'a'; COMMIT");
                other.batch_execute(&update).expect("not the one to be undone");
                assert!(matches!(waiting.join().expect("no panic"), Applied::Done(_)));
            });
            assert_eq!(backend.read(&[&key("a"), &key("b")]).expect("a read"), [value(&own), value(&own)]);
        }
    }
}

#[test]
fn a_wrong_password_and_a_missing_right_are_denied() {
    // Its language is that of everybody who connects.
    let Some(server) = MariadbServer::start() else { return };
    let (admin, user) = (server.admin_url(), "reader");
    let mut connection = raw(&admin);
    let place = Place::new(&admin);
    let backend = place.backend();
    store(&backend, "a", b"1");
    connection
        .batch_execute(&format!("CREATE USER {user}@'%' IDENTIFIED BY 'hunter2'"))
        .expect("a user without rights");
    // In another language too.
    for language in ["en_US", "de_DE", "ja_JP"] {
        connection.batch_execute(&format!("SET GLOBAL lc_messages = '{language}'")).expect("a language");
        let open = |password: &str| {
            let url = as_user(&admin, user, password);
            MysqlBackend::builder().url(url).table(&place.table).build().expect("a valid URL")
        };
        let refused = open("hunter2-and-wrong");
        for call in [read(&refused, "a").map(drop), write(&refused, "a", b"1"), refused.migrate().map(drop)] {
            is(&call.expect_err("a wrong password"), ErrorKind::Denied, false, "1045");
        }
        is(&read(&open("hunter2"), "a").expect_err("no right to the database"), ErrorKind::Denied, false, "1045");
        connection.batch_execute(&format!("GRANT SELECT ON {} TO {user}@'%'", place.quoted())).expect("a right");
        let reader = open("hunter2");
        assert_eq!(read(&reader, "a").expect("a read"), value(b"1"));
        let two = Batch::new(vec![set(&key("a"), b"hunter2"), set(&key("b"), b"hunter2")]).expect("two keys");
        for batch in [Batch::one(set(&key("a"), b"hunter2")), Batch::one(Change::remove(key("a"))), two] {
            is(&reader.write(&batch).expect_err("no right to write"), ErrorKind::Denied, false, "1142");
        }
        assert_eq!(read(&reader, "a").expect("the connection still works"), value(b"1"));
        let unmade = MysqlBackend::builder().url(as_user(&admin, user, "hunter2")).table("unmade");
        let error = unmade.build().and_then(|backend| backend.migrate()).expect_err("no right to create");
        is(&error, ErrorKind::Denied, false, "1142");
        connection.batch_execute(&format!("REVOKE ALL ON {} FROM {user}@'%'", place.quoted())).expect("no right");
    }
}

#[test]
fn a_missing_database_is_an_outage_that_does_not_pass_by_itself() {
    let Some(admin) = mariadb_admin() else { return };
    let at = admin.rfind('/').expect("a database");
    let backend = MysqlBackend::from_url(&format!("{}/hunter2", &admin[..at])).expect("a valid URL");
    is(&read(&backend, "a").expect_err("no database"), ErrorKind::Unavailable, false, "the database does not exist");
}

#[test]
fn values_of_any_length_that_the_server_takes() {
    for place in Place::each() {
        let backend = place.backend();
        for length in [0, 65_535, 65_536, 3_000_000] {
            let long: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            store(&backend, "a", &long);
            assert_eq!(read(&backend, "a").expect("a read"), value(&long), "{length} bytes");
            let same = set(&key("a"), b"short").expecting(Expect::Equals(Encoded::from(&long[..])));
            assert!(matches!(backend.write(&Batch::one(same)).expect("a write"), Applied::Done(_)));
        }
        let most = mysql_support::number(&mut raw(&place.url), "SELECT CAST(@@max_allowed_packet AS SIGNED) AS number");
        let long = vec![b'x'; usize::try_from(most).expect("a length")];
        let two = vec![set(&key("a"), b"2"), set(&key("b"), &long)];
        for batch in [Batch::one(set(&key("b"), &long)), Batch::new(two).expect("two keys")] {
            let error = backend.write(&batch).expect_err("too long");
            is(&error, ErrorKind::Encode, false, "the value is longer than the server takes");
        }
        assert_eq!(read(&backend, "a").expect("a read"), value(b"short"), "nothing of the batch was applied");
    }
}

#[test]
fn an_expected_value_need_not_fit_beside_the_new_one() {
    let Some(server) = MariadbServer::with(&["max-allowed-packet=4M"]) else { return };
    for layout in [Layout::Own, Layout::Django] {
        let backend = MysqlBackend::builder().url(server.url()).layout(layout).build().expect("a valid URL");
        match layout {
            Layout::Own => _ = backend.migrate().expect("tables"),
            _ => raw(&server.url()).batch_execute(django_table::ON_MYSQL).expect("a table"),
        }
        let (old, new) = (Encoded::from(vec![b'o'; 3_000_000]), Encoded::from(vec![b'n'; 2_000_000]));
        store(&backend, "a", old.as_bytes());
        let change = Change::set(key("a"), new.clone()).expecting(Expect::Equals(old));
        assert_eq!(backend.write(&Batch::one(change.clone())).expect("a write"), Applied::Done(Vec::new()));
        let current = Stored::Value(new);
        assert_eq!(read(&backend, "a").expect("a read"), current);
        assert_eq!(backend.write(&Batch::one(change)).expect("a write"), Applied::Conflict { index: 0, current });
    }
}

#[test]
fn an_expected_value_need_not_fit_at_all() {
    let Some(server) = MariadbServer::with(&["max-allowed-packet=4M"]) else { return };
    let (long, short) = (Encoded::from(vec![b'l'; 3_000_000]), Encoded::from(&b"short"[..]));
    let before = MysqlBackend::from_url(&server.url()).expect("a valid URL");
    before.migrate().expect("tables");
    store(&before, "a", long.as_bytes());
    raw(&server.admin_url()).batch_execute("SET GLOBAL max_allowed_packet = 2097152").expect("a limit");
    let backend = MysqlBackend::from_url(&server.url()).expect("a valid URL");
    let write = |change: Change, expected: &Encoded| {
        backend.write(&Batch::one(change.expecting(Expect::Equals(expected.clone()))))
    };
    let lost = Applied::Conflict { index: 0, current: Stored::Value(long.clone()) };
    assert_eq!(write(Change::remove(key("a")), &short).expect("a write"), lost);
    assert_eq!(write(Change::remove(key("a")), &long).expect("a write"), Applied::Done(Vec::new()));
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
    let error = write(Change::set(key("a"), long), &short).expect_err("too long");
    is(&error, ErrorKind::Encode, false, "the value is longer than the server takes");
}

#[test]
fn keys_are_compared_as_bytes() {
    for place in Place::each() {
        let backend = place.backend();
        let keys = ["key", "Key", "KEY"].map(key);
        for (at, key) in keys.iter().enumerate() {
            backend.write(&Batch::one(set(key, &[at as u8]))).expect("a write");
        }
        place.run("INSERT INTO {} (`key`, value) VALUES ('key ', 'space'), (x'6b6579ff', 'bytes'), ('k\u{e9}y', 'e')");
        let found = backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
        assert_eq!(found, [value(&[0]), value(&[1]), value(&[2])]);
        let names: Vec<String> =
            backend.list(&Prefix::empty()).expect("a list").iter().map(|(key, _)| key.name().to_owned()).collect();
        assert_eq!(names, ["KEY", "Key", "key"], "what is no key is passed over, and hides nothing");
    }
}

#[test]
fn an_sql_null_is_foreign_and_can_be_repaired() {
    for place in Place::each() {
        let backend = place.backend();
        place.run("ALTER TABLE {} MODIFY value LONGBLOB NULL; INSERT INTO {} (`key`, value) VALUES ('a', NULL)");
        store(&backend, "b", b"1");
        let found = backend.read(&[&key("a"), &key("b")]).expect("one does not hide the other");
        assert_eq!(found, [Stored::Foreign("an SQL NULL"), value(b"1")]);
        let absent = Batch::one(set(&key("a"), b"1").expecting(Expect::Absent));
        let applied = backend.write(&absent).expect("a write");
        assert_eq!(applied, Applied::Conflict { index: 0, current: Stored::Foreign("an SQL NULL") });
        store(&backend, "a", b"repaired");
        assert_eq!(read(&backend, "a").expect("a read"), value(b"repaired"));
    }
}

#[test]
fn a_table_of_another_shape_is_no_missing_table() {
    for place in Place::each() {
        place.run("CREATE TABLE {} (id INTEGER)");
        let error = read(&place.unmigrated(), "a").expect_err("no such column");
        is(&error, ErrorKind::Unavailable, false, "not as the migrations made it");
    }
}

#[test]
fn what_is_too_long_for_a_foreign_column_is_not_cut_off() {
    for place in Place::each() {
        let backend = place.backend();
        place.run("ALTER TABLE {} MODIFY value TINYBLOB NOT NULL");
        let error = write(&backend, "a", &[b'x'; 256]).expect_err("too long");
        is(&error, ErrorKind::Encode, false, "longer than its column");
    }
}

#[test]
fn words_of_a_trigger_are_not_passed_on() {
    // On MySQL an ordinary user may not make one.
    let Some(url) = mysql_support::mariadb() else { return };
    let place = Place::new(&url);
    let backend = place.backend();
    let name = format!("strict{}", std::process::id());
    place.run(&format!(
        "CREATE TRIGGER {name} BEFORE INSERT ON {{}} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hunter2'"
    ));
    is(&write(&backend, "a", b"1").expect_err("refused"), ErrorKind::Unavailable, true, "1644");
    assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
}

#[test]
fn an_exhausted_pool_is_a_timeout() {
    for place in Place::each() {
        place.backend();
        let manager = ConnectionManager::<MysqlConnection>::new(&place.url);
        let pool = Pool::builder().max_size(1).connection_timeout(SOON * 3).build(manager);
        let pool = pool.expect("a pool");
        let backend = MysqlBackend::builder().pool(pool.clone()).table(&place.table).build().expect("a pool");
        let held = pool.get().expect("the only connection");
        is(&read(&backend, "a").expect_err("exhausted"), ErrorKind::Timeout, true, "pool");
        drop(held);
        assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
    }
}

#[test]
fn a_pool_of_the_application_that_cannot_connect_is_an_outage() {
    let manager = ConnectionManager::<MysqlConnection>::new("mysql://u:hunter2@127.0.0.1:1/d");
    let pool = Pool::builder().connection_timeout(Duration::from_millis(20)).error_handler(Box::new(NopErrorHandler));
    let backend = MysqlBackend::with_pool(pool.build_unchecked(manager));
    // Before the pool's first try has failed it knows no more than that none came free.
    let failed = || read(&backend, "a").err().filter(|error| error.kind() == ErrorKind::Unavailable);
    is(&until("the failure", failed), ErrorKind::Unavailable, true, "could not connect");
}

#[test]
fn an_outage_does_not_wait_for_the_pool() {
    // A test that waits this out does not end.
    let forever = SOON * 1_000_000;
    for url in ["mysql://u:hunter2@127.0.0.1:1/d", "mysql://u:hunter2@localhost/d?unix_socket=/nowhere/mysql.sock"] {
        let backend = MysqlBackend::builder().url(url).acquire_timeout(forever).build().expect("a valid URL");
        for call in [read(&backend, "a").map(drop), write(&backend, "a", b"1"), backend.migrate().map(drop)] {
            is(&call.expect_err("nobody there"), ErrorKind::Unavailable, true, "2003");
        }
    }
}

#[test]
fn a_unix_socket_will_do() {
    let Some(url) = mysql_support::mariadb() else { return };
    let place = Place::new(&url);
    let backend = place.backend();
    store(&backend, "a", b"1");
    let socket = texts(&mut raw(&url), "SELECT @@socket AS text").remove(0);
    if std::fs::metadata(&socket).is_err() {
        // The server's folder is closed to others, or the server is elsewhere.
        return;
    }
    let (start, rest) = url.split_at(url.find('@').expect("a user"));
    let database = &rest[rest.find('/').expect("a database")..];
    let by_socket = format!("{start}@localhost{database}?unix_socket={socket}");
    let backend = MysqlBackend::builder().url(by_socket).table(&place.table).build().expect("a valid URL");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
}

#[test]
fn no_debug_shows_the_url() {
    let url = "mysql://u:hunter2@h/d";
    let backend = MysqlBackend::from_url(url).expect("a valid URL");
    let text = format!("{backend:?} {:?}", MysqlBackend::builder().url(url));
    assert!(!text.contains("hunter2"), "{text}");
}
