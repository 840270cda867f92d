//! Row level security on the table: rows that the user may not see are not rows that are not there.

use crate::postgres_support::{LONG, Schema, User, everywhere, key, read, set, shown, store, value, write};
use constance_core::{
    Backend, Config, Error, ErrorKind, Prefix, Settings,
    backend::{Batch, Change, Stored, Wake},
};
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::PgConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};

const ON: &str = "ALTER TABLE constance_settings ENABLE ROW LEVEL SECURITY";

/// A user who has every right to the table, and is not its owner.
fn granted<'a>(schema: &Schema, admin: &'a mut PgConnection) -> User<'a> {
    let mut user = User::new(admin, "");
    user.run(&format!("GRANT USAGE ON SCHEMA {} TO {{user}}", schema.name));
    user.run(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} TO {{user}}", schema.name));
    user
}

fn backend(url: &str) -> PostgresBackend {
    PostgresBackend::from_url(url).expect("a valid URL")
}

/// Everything that reads or writes.
fn calls(backend: &PostgresBackend) -> Vec<(&'static str, Result<(), Error>)> {
    let both = Batch::new(vec![set(&key("a"), b"hunter2"), Change::remove(key("b"))]).expect("two keys");
    vec![
        ("read", read(backend, "a").map(drop)),
        ("read of many", backend.read(&[&key("a"), &key("b")]).map(drop)),
        ("list", backend.list(&Prefix::empty()).map(drop)),
        ("portion", backend.keys_from(&Prefix::empty(), None).map(drop)),
        ("visit", backend.visit(&key("a"), &mut |_| ())),
        ("set", write(backend, "a", b"hunter2")),
        (
            "set, previous wanted",
            backend.write(&Batch::one(set(&key("a"), b"hunter2")).wanting_previous(true)).map(drop),
        ),
        ("remove", backend.write(&Batch::one(Change::remove(key("a")))).map(drop)),
        ("change set", backend.write(&both).map(drop)),
        ("ping", backend.ping()),
        ("watch", backend.watch(&Prefix::empty()).map(drop)),
    ]
}

#[track_caller]
fn is_denied(error: &Error, what: &str) {
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Denied, false), "{what}: {}", shown(error));
    let words = error.to_string();
    assert!(words.contains("row level security") && words.contains("policy"), "{what}: {words}");
    assert!(!shown(error).contains("hunter2"), "{}", shown(error));
}

#[test]
fn rows_that_no_policy_shows_are_denied() {
    for (schema, mut admin) in everywhere() {
        let owner = schema.backend();
        store(&owner, "a", b"1");
        let user = granted(&schema, &mut admin);
        let backend = backend(&user.in_url(&schema.url()));
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
        run(&schema, ON);
        // Over the connection from before, and over new ones.
        for round in 0..2 {
            for (what, call) in calls(&backend) {
                is_denied(&call.expect_err(what), &format!("{round}, {what}"));
            }
        }
        assert_eq!(read(&owner, "a").expect("the owner sees everything"), value(b"1"));
        write(&owner, "a", b"2").expect("and writes");

        run(&schema, "CREATE POLICY everything ON constance_settings USING (true)");
        for (what, call) in calls(&backend) {
            call.unwrap_or_else(|error| panic!("{what}: {}", shown(&error)));
        }
    }
}

#[test]
fn a_policy_that_shows_some_rows_is_the_users_word() {
    for (schema, mut admin) in everywhere() {
        let owner = schema.backend();
        store(&owner, "shop.a", b"1");
        store(&owner, "other.a", b"1");
        run(&schema, ON);
        run(&schema, "CREATE POLICY shop ON constance_settings USING (\"key\" LIKE 'shop.%')");
        let user = granted(&schema, &mut admin);
        let backend = backend(&user.in_url(&schema.url()));
        assert_eq!(read(&backend, "shop.a").expect("a read"), value(b"1"));
        assert_eq!(read(&backend, "other.a").expect("it is not there for this user"), Stored::Absent);
        write(&backend, "shop.b", b"2").expect("a write that the policy lets through");
        is_denied(&write(&backend, "other.b", b"hunter2").expect_err("the policy refuses it"), "a write");
        assert_eq!(read(&backend, "shop.b").expect("the connection goes on"), value(b"2"));
    }
}

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

/// Its connections are the application's, and nobody asked them anything when they were made.
#[test]
fn verifying_tells_of_hidden_rows_over_a_pool_of_the_applications() {
    let Some((schema, mut admin)) = everywhere().into_iter().next() else { return };
    let owner = schema.backend();
    store(&owner, "the_answer", b"1");
    let user = granted(&schema, &mut admin);
    let manager = ConnectionManager::<PgConnection>::new(user.in_url(&schema.url()));
    let pool = Pool::builder().max_size(1).build_unchecked(manager);
    let warnings = || {
        let backend = PostgresBackend::with_pool(pool.clone());
        let config = Config::<Shop>::builder(backend).prefix(Prefix::new("shop:").expect("a prefix")).build();
        config.expect("a config").verify().expect("the store works")
    };
    assert_eq!(warnings(), []);
    run(&schema, ON);
    let words: Vec<String> = warnings().iter().map(ToString::to_string).collect();
    assert!(matches!(&words[..], [words] if words.contains("row level security")), "{words:?}");
}

fn run(schema: &Schema, statement: &str) {
    use constance_diesel::diesel::connection::SimpleConnection;

    schema.raw().batch_execute(statement).expect("a statement of the owner's");
}

/// The pool is not filtered otherwise than the feed: a policy is the user's word for both.
#[test]
fn a_feed_beside_a_pool_of_the_applications_sees_what_a_policy_shows() {
    for (schema, mut admin) in everywhere() {
        let owner = schema.backend();
        run(&schema, ON);
        run(&schema, "CREATE POLICY everything ON constance_settings USING (true)");
        let user = granted(&schema, &mut admin);
        let url = user.in_url(&schema.url());
        let pool = Pool::builder().max_size(1).build_unchecked(ConnectionManager::<PgConnection>::new(&url));
        // The listener does not know what this asks of libpq, so that the table is looked at.
        for more in ["", "&krbsrvname=x"] {
            let builder = PostgresBackend::builder().pool(pool.clone()).watch_url(format!("{url}{more}"));
            let backend = builder.build().expect("a pool and a URL");
            let mut feed = backend.watch(&Prefix::empty()).unwrap_or_else(|error| panic!("{}", shown(&error)));
            store(&owner, "a", b"1");
            assert_eq!(feed.wait(LONG).expect("a wait"), Wake::Changed);
        }
    }
}
