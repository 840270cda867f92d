//! The feed of changes of MySQL and MariaDB.

use std::time::Duration;

use constance_core::{
    Backend, Config, ErrorKind, LiveOptions, Prefix, Settings,
    backend::{Batch, Change, Wake, Watch},
};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::mysql::MysqlConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};

use crate::mysql_support::{Place, key, patient, raw, store, until, write};
use constance_testserver::MariadbServer;

#[path = "../common/feed.rs"]
mod feed;

/// Longer than any test may take: it ends by a wake or not at all.
const LONG: Duration = Duration::from_secs(600);

fn open(backend: &MysqlBackend) -> Box<dyn Watch> {
    backend.watch(&Prefix::empty()).expect("a feed")
}

/// A backend that looks often.
fn eager(place: &Place) -> MysqlBackend {
    let backend = place.builder().watch_interval(Duration::from_millis(1)).build().expect("a valid URL");
    backend.migrate().expect("tables");
    backend
}

#[test]
fn changes_by_anybody_wake() {
    for place in Place::each() {
        let backend = eager(&place);
        let mut feed = open(&backend);
        assert_eq!(feed.wait(Duration::ZERO).expect("a look"), Wake::TimedOut);
        let mut wakes = |who: &str| assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed, "{who}");

        store(&backend, "a", b"1");
        wakes("by the backend's own pool");
        store(&place.unmigrated(), "a", b"2");
        wakes("by another backend");
        place.run("INSERT INTO {} (`key`, value) VALUES ('b', '1'), ('c', '1')");
        wakes("by a hand that knows of no revision");
        place.run("UPDATE {} SET value = '2' WHERE `key` IN ('b', 'c')");
        wakes("by a hand that changes two rows alike");
        place.run("DELETE FROM {} WHERE `key` = 'a'");
        wakes("by a removal");
        place.run("BEGIN; DELETE FROM {} WHERE `key` = 'b'; INSERT INTO {} (`key`, value) VALUES ('d', '1'); COMMIT");
        wakes("by a hand that leaves as many rows as there were");
        place.run("DELETE FROM {}");
        wakes("by a removal of all");
        backend.write(&Batch::one(Change::remove(key("a")))).expect("nothing to remove");
        assert_eq!(feed.wait(Duration::ZERO).expect("a look"), Wake::TimedOut, "nothing changed");
    }
}

#[test]
fn what_is_committed_late_is_seen_all_the_same() {
    for place in Place::each() {
        let backend = eager(&place);
        store(&backend, "a", b"1");
        let mut slow = raw(&place.url);
        let insert = format!("BEGIN; INSERT INTO {} (`key`, value) VALUES ('b', '1')", place.quoted());
        slow.batch_execute(&insert).expect("a row with the time of now");
        store(&backend, "c", b"1");
        let mut feed = open(&backend);
        assert_eq!(feed.wait(Duration::ZERO).expect("a look"), Wake::TimedOut);
        slow.batch_execute("COMMIT").expect("the end");
        assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed, "though its time is not the newest");
    }
}

#[test]
fn a_change_during_a_wait_wakes() {
    for place in Place::each() {
        feed::a_change_during_a_wait_wakes(&place.backend());
    }
}

#[test]
fn an_interruption_is_never_lost() {
    for place in Place::each() {
        let backend = place.builder().watch_interval(LONG * 100).build().expect("a valid URL");
        backend.migrate().expect("tables");
        feed::an_interruption_is_never_lost(&backend);
    }
}

#[test]
fn a_pool_of_the_application_can_be_watched() {
    for place in Place::each() {
        place.backend();
        let manager = ConnectionManager::<MysqlConnection>::new(&place.url);
        let pool = Pool::builder().max_size(1).build(manager).expect("a pool");
        let builder = MysqlBackend::builder().pool(pool).table(&place.table);
        let backend = builder.watch_interval(Duration::from_millis(1)).build().expect("a pool");
        let mut feed = open(&backend);
        store(&backend, "a", b"1");
        assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed, "the feed keeps no connection of the pool");
    }
}

#[test]
fn a_missing_table_is_no_feed() {
    for place in Place::each() {
        let error = place.unmigrated().watch(&Prefix::empty()).map(drop).expect_err("no table");
        assert_eq!(error.kind(), ErrorKind::NotMigrated);
        let mut feed = open(&place.backend());
        place.run("DROP TABLE {}");
        assert_eq!(feed.wait(LONG).expect_err("dropped").kind(), ErrorKind::NotMigrated);
    }
}

#[test]
fn a_dead_server_ends_the_feed_and_a_silent_one_too() {
    let Some(mut server) = MariadbServer::start() else { return };
    patient(&server.url()).build().and_then(|backend| backend.migrate()).expect("tables");
    let second = Duration::from_secs(1);
    let backend = patient(&server.url()).statement_timeout(second).connect_timeout(second).build().expect("a URL");
    let open = || until("a feed", || backend.watch(&Prefix::empty()).ok());

    let mut feed = open();
    server.pause();
    assert_eq!(feed.wait(LONG).expect_err("silence").kind(), ErrorKind::Timeout);
    assert_eq!(feed.wait(LONG).expect_err("still silence").kind(), ErrorKind::Timeout);
    assert_eq!(backend.watch(&Prefix::empty()).map(drop).expect_err("silence").kind(), ErrorKind::Timeout);
    server.resume();
    let mut feed = open();
    server.kill();
    assert_eq!(feed.wait(LONG).expect_err("dead").kind(), ErrorKind::Unavailable);
    assert_eq!(backend.watch(&Prefix::empty()).map(drop).expect_err("dead").kind(), ErrorKind::Unavailable);
    server.restart();
    // A busy machine may be late for it as well.
    until("a feed that tells", || {
        let mut feed = open();
        write(&backend, "a", b"1").ok()?;
        feed.wait(LONG).ok().filter(|wake| *wake == Wake::Changed)
    });
}

/// Settings of a shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// How many baskets are kept
    #[setting(default = 42, min = 0)]
    baskets: i64,
}

#[test]
fn a_service_follows_what_another_sets() {
    for place in Place::each() {
        place.backend();
        let service = Config::<Shop>::new(place.unmigrated());
        let operator = Config::<Shop>::new(place.unmigrated());
        // The slow re-read is out of the way: what is seen came through the feed.
        let hours = Duration::from_secs(36_000);
        let options = LiveOptions::new().poll_interval(hours).reread_interval(hours);
        let live = service.live_with(options).expect("a load");
        assert_eq!(live.load().baskets, 42);
        operator.set(Shop::BASKETS, 43).expect("a set");
        while live.load().baskets != 43 {
            assert!(live.wait_for_change(LONG), "the feed said nothing");
        }
        place.run("DELETE FROM {}");
        while live.load().baskets != 42 {
            assert!(live.wait_for_change(LONG), "the feed said nothing");
        }
    }
}
