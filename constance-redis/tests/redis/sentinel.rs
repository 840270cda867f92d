//! The master that sentinels name, and what becomes of writes when it dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use constance_core::{Backend, Config, LiveOptions, Registry, Settings};
use constance_redis::RedisBackend;
use constance_redis::redis::cmd;

use crate::common;
use crate::common::group::Group;
use crate::common::{long_timeouts, read, until, value, write};

fn url() -> Option<String> {
    std::env::var("CONSTANCE_REDIS_SENTINEL_URL").ok()
}

constance_core::conformance_tests!(|| Some(RedisBackend::from_url(&url()?).expect("a valid URL")));

constance_core::conformance_tests!(mod waiting_for_a_replica: || {
    Some(RedisBackend::builder().url(url()?).wait_replicas(1).build().expect("a valid URL"))
});

constance_core::conformance_tests!(mod by_scheme: || {
    let backend: Arc<dyn Backend> = Registry::new().with(constance_redis::schemes()).open(&url()?).expect("a scheme");
    Some(backend)
});

/// The wait for replicas is half of it.
fn confirmed(group: &Group, replicas: u32) -> RedisBackend {
    let while_busy = Duration::from_secs(10);
    RedisBackend::builder()
        .url(group.url())
        .connect_timeout(while_busy)
        .response_timeout(while_busy)
        .wait_replicas(replicas)
        .build()
        .expect("a valid URL")
}

/// Writes while the master dies: which writes were acknowledged, and how many of these before the first that was not.
fn written_while_the_master_dies(group: &mut Group, backend: &RedisBackend) -> (Vec<usize>, usize) {
    let (over, begun) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut acknowledged = Vec::new();
    let mut before = None;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0.. {
                match write(backend, &format!("w{number}"), number.to_string().as_bytes()) {
                    Ok(()) => acknowledged.push(number),
                    Err(error) => {
                        assert!(error.is_transient(), "{error}");
                        before.get_or_insert(acknowledged.len());
                    }
                }
                begun.store(acknowledged.len() > 100, Ordering::Release);
                // Some that only the new master can have acknowledged.
                if over.load(Ordering::Acquire) && before.is_some_and(|before| acknowledged.len() > before + 100) {
                    break;
                }
            }
        });
        until("writes", || begun.load(Ordering::Acquire).then_some(()));
        let old = group.master();
        group.servers[0].kill();
        until("another master", || (group.master() != old).then_some(()));
        over.store(true, Ordering::Release);
        writer.join().expect("every failure is one that passes");
    });
    (acknowledged, before.expect("the death was noticed"))
}

#[track_caller]
fn each_is_there(backend: &RedisBackend, numbers: &[usize]) {
    for number in numbers {
        let found = read(backend, &format!("w{number}")).expect("a read");
        assert_eq!(found, value(number.to_string().as_bytes()), "write {number} of {}", numbers.len());
    }
}

#[test]
fn what_the_new_master_acknowledged_is_there() {
    let Some(mut group) = Group::start() else { return };
    let backend = confirmed(&group, 0);
    let (acknowledged, before) = written_while_the_master_dies(&mut group, &backend);
    each_is_there(&backend, &acknowledged[before..]);

    // The old one comes back empty, as a master, until the sentinels make it a replica of the new one.
    group.servers[0].restart();
    write(&backend, "after", b"1").expect("a write");
    assert_eq!(read(&backend, "after").expect("a read"), value(b"1"));
    each_is_there(&backend, &acknowledged[before..]);
}

#[test]
fn what_a_replica_confirmed_is_there() {
    let Some(mut group) = Group::start() else { return };
    let backend = confirmed(&group, 1);
    let (acknowledged, _) = written_while_the_master_dies(&mut group, &backend);
    each_is_there(&backend, &acknowledged);
}

#[test]
fn an_old_master_that_lives_takes_no_writes() {
    let Some(group) = Group::start() else { return };
    let backend = long_timeouts(&group.url());
    // Several connections to the old master.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| drop(read(&backend, "a"))));
        }
    });
    group.fail_over();
    until("a write at the new master", || write(&backend, "a", b"2").ok());
    assert_eq!(read(&backend, "a").expect("a read"), value(b"2"));
    let mut master = common::server::raw(&format!("redis://127.0.0.1:{}", group.master()));
    let found: String = cmd("GET").arg("constance:a").query(&mut master).expect("a value");
    assert_eq!(found, "2");
}

/// Settings of a shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// How many baskets are kept
    #[setting(default = 42)]
    baskets: i64,
}

#[test]
fn a_service_outlives_the_master_and_catches_up() {
    let Some(mut group) = Group::start() else { return };
    let config: Config<Shop> = Config::new(confirmed(&group, 1));
    config.set(Shop::BASKETS, 43).expect("a set");
    // Without the slow re-read: every change comes through the feed, which has reconnected.
    let hours = Duration::from_secs(36_000);
    let live = config.live_with(LiveOptions::new().poll_interval(hours).reread_interval(hours)).expect("a load");
    group.servers[0].kill();
    assert_eq!(live.load().baskets, 43, "the last good values");
    let operator: Config<Shop> = Config::new(confirmed(&group, 0));
    let mut next = 100;
    until("a set at the new master that reaches the service", || {
        // Each time another: what was set before the feed was there is seen by its first load.
        next += 1;
        operator.set(Shop::BASKETS, next).ok()?;
        until("the service sees it", || (live.load().baskets == next).then_some(()));
        Some(())
    });
}
