//! The feed of changes of PostgreSQL, as it is pushed and as it is polled for.

use std::net::TcpListener;
use std::time::Duration;

use constance_core::{
    Backend, Config, ErrorKind, LiveOptions, Prefix, Settings,
    backend::{Wake, Watch},
};
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::PgConnection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};

use crate::postgres_support::{LONG, PostgresServer, Schema, patient, raw, store, texts, until, url_in};

#[path = "../common/feed.rs"]
mod feed;

fn open(backend: &PostgresBackend) -> Box<dyn Watch> {
    backend.watch(&Prefix::empty()).expect("a feed")
}

fn expect(feed: &mut Box<dyn Watch>, wake: Wake, what: &str) {
    let timeout = if wake == Wake::TimedOut { Duration::ZERO } else { LONG };
    assert_eq!(feed.wait(timeout).expect(what), wake, "{what}");
}

fn pool(url: &str, size: u32) -> Pool<ConnectionManager<PgConnection>> {
    Pool::builder().max_size(size).build(ConnectionManager::new(url)).expect("a pool")
}

/// Feeds of every kind: pushed where the feature is on, polled for over a connection of its own and over a lent one.
fn kinds(schema: &Schema) -> Vec<(&'static str, PostgresBackend)> {
    let own = schema.backend();
    let url = schema.url();
    // The listener does not know what this asks of libpq.
    let polling = PostgresBackend::from_url(&format!("{url}&gssencmode=disable&krbsrvname=x")).expect("a valid URL");
    let lent = PostgresBackend::with_pool(pool(&url, 1));
    let named = PostgresBackend::builder().pool(pool(&url, 1)).watch_url(&url).build().expect("a pool and a URL");
    vec![("own", own), ("polling", polling), ("lent", lent), ("named", named)]
}

#[test]
fn changes_by_anybody_wake() {
    let Some(schema) = Schema::new() else { return };
    for (kind, backend) in kinds(&schema) {
        let mut raw = schema.raw();
        raw.batch_execute("TRUNCATE constance_settings").expect("an empty table");
        let mut feed = open(&backend);
        expect(&mut feed, Wake::TimedOut, kind);
        store(&backend, "a", b"1");
        expect(&mut feed, Wake::Changed, "by the backend's own pool");
        store(&schema.backend(), "a", b"2");
        expect(&mut feed, Wake::Changed, "by another backend");
        for statement in [
            // Neither the revision nor the time of the change is touched.
            "UPDATE constance_settings SET value = 'x'",
            "UPDATE constance_settings SET value = value",
            "INSERT INTO constance_settings VALUES ('b', 'x', 1, 'epoch')",
            "DELETE FROM constance_settings WHERE key = 'b'",
            "DELETE FROM constance_settings; INSERT INTO constance_settings VALUES ('a', 'x', 1, 'epoch')",
            "TRUNCATE constance_settings",
        ] {
            raw.batch_execute(statement).expect(statement);
            expect(&mut feed, Wake::Changed, &format!("{kind}: {statement}"));
        }
    }
}

#[test]
fn a_change_is_told_when_it_is_committed() {
    let Some(schema) = Schema::new() else { return };
    for (kind, backend) in kinds(&schema) {
        let mut feed = open(&backend);
        let (mut first, mut second) = (schema.raw(), schema.raw());
        first.batch_execute("BEGIN; INSERT INTO constance_settings VALUES ('first', 'x', 1, now())").expect("a row");
        // It begins later and ends before.
        second.batch_execute("INSERT INTO constance_settings VALUES ('second', 'x', 1, now())").expect("a row");
        expect(&mut feed, Wake::Changed, kind);
        expect(&mut feed, Wake::TimedOut, kind);
        first.batch_execute("COMMIT").expect("the end");
        expect(&mut feed, Wake::Changed, kind);
        first.batch_execute("BEGIN; DELETE FROM constance_settings; ROLLBACK").expect("nothing");
        expect(&mut feed, Wake::TimedOut, "nothing happened");
        first.batch_execute("DELETE FROM constance_settings").expect("the end");
    }
}

#[test]
fn an_interruption_is_never_lost() {
    let Some(schema) = Schema::new() else { return };
    for (_, backend) in kinds(&schema) {
        feed::an_interruption_is_never_lost(&backend);
    }
}

#[test]
fn a_change_during_a_wait_wakes() {
    let Some(schema) = Schema::new() else { return };
    for (_, backend) in kinds(&schema) {
        feed::a_change_during_a_wait_wakes(&backend);
    }
}

#[test]
fn a_connection_that_the_server_killed_ends_the_feed() {
    let Some(schema) = Schema::new() else { return };
    let mut raw = schema.raw();
    for named in ["pushed", "polled"] {
        schema.backend();
        let name = format!("{}_{named}", schema.name);
        // Only the one that listens has both in its URL; the other has what the listener does not know.
        let more = if named == "polled" { "&krbsrvname=x" } else { "" };
        let backend = PostgresBackend::from_url(&format!("{}&application_name={name}{more}", schema.url()));
        let backend = backend.expect("a valid URL");
        let mut feed = open(&backend);
        expect(&mut feed, Wake::TimedOut, named);
        let kill = format!(
            "SELECT pg_terminate_backend(pid)::text AS text FROM pg_stat_activity WHERE application_name = '{name}'"
        );
        assert!(!texts(&mut raw, &kill).is_empty(), "the feed has a connection");
        let error = feed.wait(LONG).expect_err("killed");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{named}: {error}");
        assert_eq!(feed.wait(LONG).expect_err("it stays so").kind(), ErrorKind::Unavailable);
        let mut feed = open(&backend);
        store(&backend, "a", b"1");
        expect(&mut feed, Wake::Changed, "a new one works");
    }
}

#[test]
#[cfg(feature = "listen")]
fn one_connection_listens_and_goes_with_the_feed() {
    let Some(schema) = Schema::new() else { return };
    schema.backend();
    let url = format!("{}&application_name={}", schema.url(), schema.name);
    let mut raw = schema.raw();
    // The last thing that a listener did is to give up the channel of its proof.
    let query = format!("SELECT query AS text FROM pg_stat_activity WHERE application_name = '{}'", schema.name);
    let feed = open(&PostgresBackend::from_url(&url).expect("a valid URL"));
    until("one connection that listens", || {
        let found = texts(&mut raw, &query);
        (found.len() == 1 && found[0].starts_with("UNLISTEN")).then_some(())
    });
    drop(feed);
    until("the end of the connection", || texts(&mut raw, &query).is_empty().then_some(()));
}

#[test]
#[cfg(feature = "listen")]
fn a_feed_that_is_pushed_asks_nothing() {
    let Some(schema) = Schema::new() else { return };
    // With this interval a feed that polls would look once, at its start.
    let builder = patient(&schema.url()).watch_interval(LONG * 100);
    let backend = builder.build().expect("a valid URL");
    backend.migrate().expect("tables");
    let mut feed = open(&backend);
    std::thread::scope(|scope| {
        // A minute is long for a notification, and nothing to the interval.
        let waiting = scope.spawn(move || feed.wait(LONG / 10).expect("a wait"));
        store(&backend, "a", b"1");
        assert_eq!(waiting.join().expect("no panic"), Wake::Changed);
    });
}

/// The feed's connection goes past a host that takes connections and says nothing; the listener waits there until its time is
/// over, and the table is looked at instead.
#[test]
fn a_silent_host_before_the_server_does_not_keep_the_feed() {
    let Some(server) = PostgresServer::start() else { return };
    PostgresBackend::from_url(&server.url()).expect("a valid URL").migrate().expect("tables");
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let silent_port = silent.local_addr().expect("an address").port();
    let (user, rest) =
        server.url().split_once('@').map(|(user, rest)| (user.to_owned(), rest.to_owned())).expect("a user");
    let url = format!("{user}@127.0.0.1:{silent_port},{rest}?sslmode=disable");
    let builder = PostgresBackend::builder().url(url).connect_timeout(Duration::from_secs(3));
    let backend = builder.build().expect("a valid URL");
    let mut feed = open(&backend);
    store(&backend, "a", b"1");
    expect(&mut feed, Wake::Changed, "by looking");
    // What waits for the host is let go.
    drop(silent);
}

#[test]
fn without_its_trigger_a_table_is_polled() {
    let Some(schema) = Schema::new() else { return };
    let backend = schema.backend();
    let mut raw = schema.raw();
    for statement in
        ["ALTER TABLE constance_settings DISABLE TRIGGER ALL", "DROP FUNCTION constance_settings_notify() CASCADE"]
    {
        raw.batch_execute(statement).expect(statement);
        let mut feed = open(&backend);
        store(&backend, "a", b"1");
        expect(&mut feed, Wake::Changed, statement);
    }
}

#[test]
fn a_renamed_table_still_tells() {
    let Some(schema) = Schema::new() else { return };
    schema.backend();
    let renamed = PostgresBackend::builder().url(schema.url()).table("renamed").build().expect("a valid URL");
    schema.raw().batch_execute("ALTER TABLE constance_settings RENAME TO renamed").expect("another name");
    let mut feed = open(&renamed);
    store(&renamed, "a", b"1");
    expect(&mut feed, Wake::Changed, "under the new name");
}

#[test]
fn with_tls_the_feed_is_never_in_the_clear() {
    let Some(base) = url_in("CONSTANCE_POSTGRES_TLS_URL") else { return };
    let Some(schema) = Schema::at(&base) else { return };
    let name = &schema.name;
    let plain = base.split_once('?').expect("parameters").0;
    for url in [base.clone(), format!("{plain}?sslmode=require"), format!("{plain}?sslmode=prefer"), plain.to_owned()] {
        let url =
            schema.through(&format!("{url}{}application_name={name}", if url.contains('?') { '&' } else { '?' }), "");
        let backend = PostgresBackend::from_url(&url).expect("a valid URL");
        backend.migrate().expect("tables");
        let mut feed = open(&backend);
        store(&backend, "a", b"1");
        expect(&mut feed, Wake::Changed, "some way or other");
        let query = format!(
            "SELECT s.ssl::text AS text FROM pg_stat_ssl AS s JOIN pg_stat_activity AS a ON a.pid = s.pid \
             WHERE a.application_name = '{name}'"
        );
        let found = texts(&mut schema.raw(), &query);
        assert!(found.len() >= 2 && found.iter().all(|ssl| ssl == "true"), "{found:?}");
    }
}

#[test]
fn a_missing_table_ends_the_feed() {
    let Some(schema) = Schema::new() else { return };
    let backend = PostgresBackend::with_pool(pool(&schema.url(), 1));
    assert_eq!(backend.watch(&Prefix::empty()).map(drop).expect_err("no table").kind(), ErrorKind::NotMigrated);
    backend.migrate().expect("tables");
    let mut feed = open(&backend);
    schema.raw().batch_execute("DROP TABLE constance_settings").expect("an accident");
    assert_eq!(feed.wait(LONG).expect_err("no table any more").kind(), ErrorKind::NotMigrated);
}

/// Settings of a shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// How many baskets are kept
    #[setting(default = 42, min = 0)]
    baskets: i64,
}

#[test]
fn a_service_follows_what_another_sets_also_after_an_outage() {
    let Some(mut server) = PostgresServer::start() else { return };
    let config = || Config::<Shop>::new(PostgresBackend::from_url(&server.url()).expect("a valid URL"));
    let (service, operator) = (config(), config());
    operator.migrate().expect("tables");
    let hours = Duration::from_secs(36_000);
    let live = service.live_with(LiveOptions::new().poll_interval(hours)).expect("a load");
    let follow = |wanted: i64| {
        while live.load().baskets != wanted {
            assert!(live.wait_for_change(LONG), "the feed said nothing");
        }
    };
    operator.set(Shop::BASKETS, 43).expect("a set");
    follow(43);
    server.restart();
    until("a set after the outage", || operator.set(Shop::BASKETS, 44).ok());
    follow(44);
    // As somebody does in psql.
    raw(&server.url()).batch_execute("DELETE FROM constance_settings").expect("a removal");
    follow(42);
}
