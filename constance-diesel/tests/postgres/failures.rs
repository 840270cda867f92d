//! Real faults, and what they are called, also where the server does not speak English.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use constance_core::{
    Backend, Error, ErrorKind, Prefix,
    backend::{Applied, Batch, Change, Encoded, Expect, Stored},
};
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::PgConnection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, NopErrorHandler, Pool};

use crate::crash;
use crate::postgres_support::{
    PostgresServer, Schema, User, everywhere, key, patient, raw, read, server_url, set, shown, store, texts, until,
    value, write,
};

fn backend(url: &str) -> PostgresBackend {
    patient(url).build().expect("a valid URL")
}

/// What must be nowhere: values, passwords, and words of the driver or the server.
fn is_clean(error: &Error) {
    let shown = shown(error);
    for word in ["hunter2", "user_", "FATAL", "ERROR", "fehlgeschlagen", "Relation", "relation \""] {
        assert!(!shown.contains(word), "{word} in {shown}");
    }
}

fn expect(result: constance_core::Result<()>, kind: ErrorKind, transient: bool, what: &str) -> Error {
    let error = result.expect_err(what);
    assert_eq!((error.kind(), error.is_transient()), (kind, transient), "{what}: {}", shown(&error));
    is_clean(&error);
    error
}

/// Whether the server says what is wrong in English.
fn speaks_english(admin: &mut PgConnection) -> bool {
    let language = texts(admin, "SELECT current_setting('lc_messages') AS text").remove(0);
    language.starts_with("en") || language == "C"
}

/// What is refused at the log-in: in another language than English it is not told apart, and nobody can be asked.
fn expect_at_log_in(
    result: constance_core::Result<()>,
    (kind, transient): (ErrorKind, bool),
    english: bool,
    what: &str,
) -> Error {
    if english {
        return expect(result, kind, transient, what);
    }
    let error = expect(result, ErrorKind::Unavailable, true, what);
    assert!(error.to_string().ends_with("look at the server's log"), "{what}: {error}");
    error
}

/// Writes of every kind, each with a value that must not be shown.
fn writes(backend: &PostgresBackend) -> Vec<(&'static str, constance_core::Result<()>)> {
    let secret = |name: &str| set(&key(name), b"hunter2");
    let old = Expect::Equals(Encoded::from(&b"hunter2"[..]));
    let batch = |changes: Vec<Change>| Batch::new(changes).expect("no key twice");
    [
        ("set", Batch::one(secret("a"))),
        ("set, previous wanted", Batch::one(secret("a")).wanting_previous(true)),
        ("set where it is absent", Batch::one(secret("new").expecting(Expect::Absent))),
        ("compare and set", Batch::one(secret("a").expecting(old.clone()))),
        ("remove", Batch::one(Change::remove(key("a")))),
        ("remove, previous wanted", Batch::one(Change::remove(key("a"))).wanting_previous(true)),
        ("many", batch(vec![secret("a"), secret("b")])),
        ("many of both kinds", batch(vec![secret("a"), Change::remove(key("b"))])),
        ("many, checked", batch(vec![secret("a").expecting(old), secret("b")])),
    ]
    .into_iter()
    .map(|(what, batch)| (what, backend.write(&batch).map(drop)))
    .collect()
}

fn reads(backend: &PostgresBackend) -> Vec<(&'static str, constance_core::Result<()>)> {
    let many: Vec<_> = (0..100).map(|at| key(&format!("many-{at}"))).collect();
    vec![
        ("one", read(backend, "a").map(drop)),
        ("two", backend.read(&[&key("a"), &key("b")]).map(drop)),
        ("many", backend.read(&many.iter().collect::<Vec<_>>()).map(drop)),
        ("list", backend.list(&Prefix::empty()).map(drop)),
        ("visit", backend.visit(&key("a"), &mut |_| ())),
    ]
}

#[test]
fn a_missing_table_says_to_migrate() {
    for (schema, _) in everywhere() {
        let backend = backend(&schema.url());
        let look = |when: &str| {
            let watch = ("watch", backend.watch(&Prefix::empty()).map(drop));
            for (what, call) in reads(&backend).into_iter().chain(writes(&backend)).chain([watch]) {
                let error = expect(call, ErrorKind::NotMigrated, false, &format!("{when}, {what}"));
                assert!(
                    error.to_string().ends_with("; run the `migrate` command, or call DieselBackend::migrate"),
                    "{error}"
                );
            }
        };
        look("no table");
        backend.migrate().expect("tables");
        assert_eq!(read(&backend, "a").expect("a read"), Stored::Absent);
        schema.raw().batch_execute("DROP TABLE constance_settings").expect("an accident");
        look("no table any more");
    }
}

#[test]
fn a_wrong_password_or_user_is_denied() {
    for (schema, mut admin) in everywhere() {
        let english = speaks_english(&mut admin);
        let mut user = User::new(&mut admin, "");
        let url = user.in_url(&schema.url());
        for wrong in [
            url.replace(":hunter2@", ":hunter22@"),
            url.replace("user_", "user_nobody_"),
            url.replace(":hunter2@", "@"),
        ] {
            let backend = backend(&wrong);
            // That no password is there is libpq's own word.
            let english = english || !wrong.contains("hunter2");
            let denied = |call, what| expect_at_log_in(call, (ErrorKind::Denied, false), english, what);
            for call in [read(&backend, "a").map(drop), write(&backend, "a", b"1"), backend.migrate().map(drop)] {
                denied(call, "not let in");
            }
            denied(backend.watch(&Prefix::empty()).map(drop), "a feed");
        }
        user.run("ALTER ROLE {user} NOLOGIN");
        expect_at_log_in(read(&backend(&url), "a").map(drop), (ErrorKind::Denied, false), english, "no log-in");
    }
}

#[test]
fn a_missing_right_is_denied() {
    for (schema, mut admin) in everywhere() {
        let owner = schema.backend();
        store(&owner, "a", b"1");
        let mut user = User::new(&mut admin, "");
        let guest = backend(&user.in_url(&schema.url()));
        expect(read(&guest, "a").map(drop), ErrorKind::Denied, false, "no right to the schema");
        user.run(&format!("GRANT USAGE ON SCHEMA {} TO {{user}}", schema.name));
        for (what, call) in reads(&guest) {
            expect(call, ErrorKind::Denied, false, what);
        }
        user.run(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {{user}}", schema.name));
        for (what, call) in reads(&guest) {
            call.expect(what);
        }
        for (what, call) in writes(&guest) {
            let error = expect(call, ErrorKind::Denied, false, what);
            assert!(error.to_string().contains("GRANT SELECT, INSERT, UPDATE, DELETE"), "{error}");
        }
        assert!(guest.migrate().expect("nothing is pending").is_empty());
        guest.watch(&Prefix::empty()).expect("who may read may follow");
        user.run(&format!("GRANT INSERT, UPDATE, DELETE ON {}.constance_settings TO {{user}}", schema.name));
        for (what, call) in writes(&guest) {
            call.expect(what);
        }
        let other = PostgresBackend::builder().url(user.in_url(&schema.url())).table("other").build().expect("a URL");
        let error = expect(other.migrate().map(drop), ErrorKind::Denied, false, "no right to create");
        assert!(error.to_string().contains("GRANT CREATE on the schema"), "{error}");
    }
}

/// Else a second table would be made in the next schema of the search path, and its defaults shown over what is stored.
#[test]
fn a_table_in_a_schema_that_may_not_be_used_is_not_absent() {
    for (schema, mut admin) in everywhere() {
        let owner = schema.backend();
        store(&owner, "a", b"1");
        let name = schema.name.clone();
        let mut user = User::new(&mut admin, "");
        let own = user.name.clone();
        user.run("CREATE SCHEMA AUTHORIZATION {user}");
        let through = |path: &str| {
            let base = user.in_url(&schema.url());
            let path = path.replace('"', "%22").replace('$', "%24");
            backend(&base.replace(&format!("search_path%3D{name}"), &format!("search_path%3D{path}")))
        };
        let guests =
            [name.clone(), name.to_uppercase(), format!("\"{name}\",\"$user\""), format!("pg_temp,$user,{name}")];
        for path in guests {
            let guest = through(&path);
            for (what, call) in [
                ("migrate", guest.migrate().map(drop)),
                ("pending", guest.pending().map(drop)),
                ("fake", guest.fake().map(drop)),
                ("revert", guest.revert_all().map(drop)),
                ("read", read(&guest, "a").map(drop)),
            ] {
                let error = expect(call, ErrorKind::Denied, false, &format!("{path}: {what}"));
                assert!(error.to_string().ends_with("; GRANT USAGE on the schema to the user"), "{error}");
            }
        }
        let made = "SELECT n.nspname::text AS text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
                    WHERE c.relname LIKE 'constance%' AND n.nspname = '{user}'";
        assert!(texts(&mut schema.raw(), &made.replace("{user}", &own)).is_empty());
        // What others have in schemas that the path does not name is none of the user's business.
        let other = through("$user");
        expect(read(&other, "a").map(drop), ErrorKind::NotMigrated, false, "a schema without tables");
        assert_eq!(other.migrate().expect("tables").len(), 3);
        assert_eq!(read(&other, "a").expect("a read"), Stored::Absent);
    }
}

#[test]
fn a_read_only_database_denies_writes() {
    for (schema, _) in everywhere() {
        let owner = schema.backend();
        store(&owner, "a", b"1");
        let reader = backend(&schema.url_with(" -c default_transaction_read_only=on"));
        for (what, call) in reads(&reader) {
            call.expect(what);
        }
        for (what, call) in writes(&reader) {
            let error = expect(call, ErrorKind::Denied, false, what);
            assert!(error.to_string().contains("can only be read"), "{error}");
        }
        assert!(reader.migrate().expect("nothing is pending").is_empty());
        assert_eq!(read(&owner, "a").expect("a read"), value(b"1"));
    }
}

#[test]
fn a_lock_of_another_session_is_a_timeout() {
    for (schema, _) in everywhere() {
        let backend = schema.backend();
        for name in ["a", "b"] {
            store(&backend, name, b"hunter2");
        }
        let mut other = schema.raw();
        // "new" is about to be stored by somebody else.
        other
            .batch_execute(
                "BEGIN; SELECT * FROM constance_settings FOR UPDATE;
                 INSERT INTO constance_settings VALUES ('new', '', 1, now())",
            )
            .expect("locks");
        for (what, call) in writes(&backend) {
            let error = expect(call, ErrorKind::Timeout, true, what);
            assert!(error.to_string().contains("locked"), "{what}: {error}");
        }
        for (what, call) in reads(&backend) {
            call.expect(what);
        }
        other.batch_execute("LOCK TABLE constance_settings").expect("a lock");
        for (what, call) in reads(&backend) {
            expect(call, ErrorKind::Timeout, true, what);
        }
        other.batch_execute("ROLLBACK").expect("the end of the locks");
        assert_eq!(read(&backend, "new").expect("a read"), Stored::Absent);
        write(&backend, "a", b"2").expect("the next call tries again");
    }
}

#[test]
fn a_statement_that_takes_too_long_is_a_timeout() {
    for (schema, _) in everywhere() {
        store(&schema.backend(), "a", b"1");
        let mut other = schema.raw();
        other.batch_execute("BEGIN; LOCK TABLE constance_settings").expect("a lock");
        let hasty = backend(&schema.url_with(" -c lock_timeout=0 -c statement_timeout=500"));
        for call in [read(&hasty, "a").map(drop), write(&hasty, "a", b"hunter2")] {
            let error = expect(call, ErrorKind::Timeout, true, "slow");
            assert!(error.to_string().contains("longer than it may"), "{error}");
        }
        other.batch_execute("ROLLBACK").expect("the end of the lock");
        assert_eq!(until("a read", || read(&hasty, "a").ok()), value(b"1"));
    }
}

#[test]
fn too_many_connections_are_an_outage_that_passes() {
    for (schema, mut admin) in everywhere() {
        schema.backend();
        let english = speaks_english(&mut admin);
        let mut user = User::new(&mut admin, "CONNECTION LIMIT 1");
        user.run(&format!(
            "GRANT USAGE ON SCHEMA {0} TO {{user}}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {{user}}",
            schema.name
        ));
        let url = user.in_url(&schema.url());
        let held = raw(&url);
        let backend = backend(&url);
        let error = expect(read(&backend, "a").map(drop), ErrorKind::Unavailable, true, "full");
        let text = if english { "no connection left" } else { "look at the server's log" };
        assert!(error.to_string().contains(text), "{error}");
        drop(held);
        // The server takes a moment to notice that the other one is gone.
        until("a free connection", || read(&backend, "a").ok());
    }
}

#[test]
fn a_missing_database_does_not_come_by_itself() {
    for (schema, mut admin) in everywhere() {
        let (base, _) =
            schema.url().split_once('?').map(|(base, rest)| (base.to_owned(), rest.to_owned())).expect("a query");
        let (server, _) = base.rsplit_once('/').expect("a path");
        let error = read(&backend(&format!("{server}/hunter2")), "a").map(drop);
        let english = speaks_english(&mut admin);
        let error = expect_at_log_in(error, (ErrorKind::Unavailable, false), english, "no database");
        assert_eq!(error.to_string().contains("the database does not exist"), english, "{error}");
    }
}

#[test]
fn what_libpq_does_not_understand_is_never_shown() {
    let Some(url) = server_url() else { return };
    let url = url.split('?').next().expect("a part");
    for parameter in ["hunter=2", "sslmode=hunter2", "connect_timeout=hunter2", "target_session_attrs=hunter2"] {
        // At build, or where libpq has to say so.
        let backend = PostgresBackend::from_url(&format!("{url}?{parameter}"));
        let call = backend.and_then(|backend| read(&backend, "a")).map(drop);
        expect(call, ErrorKind::Configuration, false, parameter);
    }
    let missing = backend("postgres://u:hunter2@nobody.invalid/d");
    expect(read(&missing, "a").map(drop), ErrorKind::Unavailable, true, "no such host");
}

#[test]
fn an_outage_does_not_wait_for_the_pool() {
    let port = constance_testserver::free_port();
    let backend = PostgresBackend::builder()
        .url(format!("postgres://u:hunter2@127.0.0.1:{port}/d"))
        // A test that waits this out does not end.
        .acquire_timeout(Duration::from_secs(1_000_000))
        .build()
        .expect("a valid URL");
    for call in [read(&backend, "a").map(drop), write(&backend, "a", b"1"), backend.migrate().map(drop)] {
        expect(call, ErrorKind::Unavailable, true, "nobody there");
    }
}

#[test]
fn connections_that_the_server_killed_cost_a_read_nothing() {
    let Some(schema) = Schema::new() else { return };
    let backend = backend(&format!("{}&application_name={}", schema.url(), schema.name));
    backend.migrate().expect("tables");
    let mut raw = schema.raw();
    let kill = format!(
        "SELECT pg_terminate_backend(pid, 10000)::text AS text FROM pg_stat_activity WHERE application_name = '{}'",
        schema.name
    );
    for round in 0..3 {
        store(&backend, "a", b"1");
        assert!(!texts(&mut raw, &kill).is_empty(), "there was a connection");
        for (what, call) in reads(&backend) {
            call.expect(what);
        }
        assert!(!texts(&mut raw, &kill).is_empty(), "there was a connection");
        // Nobody knows whether a write arrived that was sent to a connection that died: it is not sent again.
        if let Err(error) = write(&backend, "a", b"hunter2") {
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "round {round}");
            is_clean(&error);
        }
        write(&backend, "a", b"2").expect("that connection is not used again");
    }
}

#[test]
fn a_server_that_is_down_and_comes_back_is_used_again() {
    let Some(mut server) = PostgresServer::start() else { return };
    let backend = backend(&server.url());
    backend.migrate().expect("tables");
    store(&backend, "a", b"1");
    server.kill();
    for call in [read(&backend, "a").map(drop), write(&backend, "a", b"hunter2"), read(&backend, "a").map(drop)] {
        expect(call, ErrorKind::Unavailable, true, "down");
    }
    server.restart();
    assert_eq!(read(&backend, "a").expect("up again"), value(b"1"));
    store(&backend, "a", b"2");
    server.restart();
    assert_eq!(read(&backend, "a").expect("pooled connections died meanwhile"), value(b"2"));
}

#[test]
fn a_server_killed_in_the_middle_loses_nothing_that_it_acknowledged() {
    let Some(mut server) = PostgresServer::start() else { return };
    let backend = backend(&server.url());
    backend.migrate().expect("tables");
    crash::loses_nothing(&backend, &mut server, PostgresServer::kill, PostgresServer::restart);
}

#[test]
fn an_exhausted_pool_is_a_timeout() {
    let Some(schema) = Schema::new() else { return };
    let backend = PostgresBackend::builder()
        .url(schema.url())
        .pool_size(1)
        .acquire_timeout(Duration::from_millis(50))
        .busy_timeout(Duration::from_millis(500))
        .build()
        .expect("a valid URL");
    schema.backend();
    let (mut other, done) = (schema.raw(), AtomicBool::new(false));
    other.batch_execute("BEGIN; LOCK constance_settings IN ACCESS EXCLUSIVE MODE").expect("a lock");
    std::thread::scope(|scope| {
        // Both want the only connection; whoever has it waits for the lock with it.
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let _ = read(&backend, "a");
            }
        });
        while !matches!(read(&backend, "b"), Err(error) if error.to_string().contains("came free in time")) {}
        done.store(true, Ordering::SeqCst);
    });
    other.batch_execute("ROLLBACK").expect("the end of the lock");
    assert_eq!(until("it is free again", || read(&backend, "a").ok()), Stored::Absent);
}

#[test]
fn a_server_without_a_free_connection_says_so() {
    let Some(server) = PostgresServer::with(&["max_connections=5", "max_wal_senders=0"]) else { return };
    let mut held = Vec::new();
    while let Ok(connection) = constance_diesel::diesel::Connection::establish(&server.url()) {
        let connection: PgConnection = connection;
        held.push(connection);
    }
    let backend = backend(&server.url());
    let error = expect(read(&backend, "a").map(drop), ErrorKind::Unavailable, true, "full");
    assert!(error.to_string().contains("no connection left"), "{error}");
}

#[test]
fn a_pool_of_the_application_that_cannot_connect_is_an_outage() {
    let manager = ConnectionManager::<PgConnection>::new("postgres://u:hunter2@127.0.0.1:1/d");
    let pool = Pool::builder()
        .connection_timeout(Duration::from_millis(20))
        .error_handler(Box::new(NopErrorHandler))
        .build_unchecked(manager);
    let backend = PostgresBackend::with_pool(pool);
    // Before the pool's first try has failed it knows no more than that none came free.
    let failed = || read(&backend, "a").err().filter(|error| error.kind() == ErrorKind::Unavailable);
    expect(Err(until("the failure", failed)), ErrorKind::Unavailable, true, "nobody there");
}

#[test]
fn a_value_that_the_server_cannot_take_is_refused_before_it_is_sent() {
    let Some(schema) = Schema::new() else { return };
    let backend = schema.backend();
    let huge = Encoded::from(vec![0; 1 << 30]);
    for batch in [
        Batch::one(Change::set(key("a"), huge.clone())),
        Batch::one(Change::set(key("a"), huge.clone())).wanting_previous(true),
        Batch::new(vec![Change::set(key("a"), huge), set(&key("b"), b"1")]).expect("two keys"),
    ] {
        let error = expect(backend.write(&batch).map(drop), ErrorKind::Encode, false, "too long");
        assert!(error.to_string().contains("longer than PostgreSQL can store"), "{error}");
    }
    assert!(backend.list(&Prefix::empty()).expect("a list").is_empty());
}

#[test]
fn what_is_no_bytea_is_foreign_and_hides_nothing() {
    let Some(schema) = Schema::new() else { return };
    let mut raw = schema.raw();
    raw.batch_execute(
        "CREATE TABLE constance_settings (key text PRIMARY KEY, value bytea, revision bigint, changed_at timestamptz);
         INSERT INTO constance_settings VALUES ('null', NULL, 1, now()), ('ok', 'ok', 1, now()), ('empty', '', 1, now())",
    )
    .expect("a table of another hand");
    let backend = backend(&schema.url());
    let names = ["null", "ok", "empty", "absent"].map(key);
    let wanted = [Stored::Foreign("an SQL NULL"), value(b"ok"), value(b""), Stored::Absent];
    assert_eq!(backend.read(&names.iter().collect::<Vec<_>>()).expect("one does not hide the others"), wanted);
    let absent = Batch::one(set(&key("null"), b"1").expecting(Expect::Absent));
    let conflict = Applied::Conflict { index: 0, current: Stored::Foreign("an SQL NULL") };
    assert_eq!(backend.write(&absent).expect("a write"), conflict);
    let repair = Batch::one(set(&key("null"), b"1")).wanting_previous(true);
    assert_eq!(backend.write(&repair).expect("a set repairs it"), Applied::Done(vec![Stored::Foreign("an SQL NULL")]));

    raw.batch_execute("ALTER TABLE constance_settings ALTER value TYPE text USING 'hunter2'").expect("another type");
    let found = backend.read(&names.iter().collect::<Vec<_>>()).expect("a read");
    assert_eq!(found[..3], [Stored::Foreign("no bytea"), Stored::Foreign("no bytea"), Stored::Foreign("no bytea")]);
}
