//! What real cache servers do to a shared cache: they die, come back empty, and stand still.

use std::sync::Arc;
use std::time::Duration;

use constance_cache::store::{Swap, SwapFrom, Version};
use constance_cache::{CacheStore, MemcachedStore, RedisStore, SharedCache};
use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
use constance_core::{
    Backend, ErrorKind,
    backend::{Encoded, Stored},
};

use crate::common;
use crate::common::patient;
use crate::common::server::Program;
use crate::common::{Inner, key, read, read_all, until, value, write};

const BOTH: [Program; 2] = [Program::Memcached, Program::Redis];

fn open(program: Program, url: &str) -> Arc<dyn CacheStore> {
    match program {
        Program::Memcached => Arc::new(patient::memcached(url)),
        Program::Redis => Arc::new(patient::redis(url)),
    }
}

/// It gives up in time for a test, and late enough for a busy machine.
fn open_hasty(program: Program, url: &str) -> Arc<dyn CacheStore> {
    let soon = Duration::from_secs(3);
    match program {
        Program::Memcached => {
            let builder = MemcachedStore::builder().url(url).expect("a valid URL");
            Arc::new(builder.connect_timeout(soon).response_timeout(soon).build().expect("valid options"))
        }
        Program::Redis => {
            let builder = RedisStore::builder(url).expect("a valid URL");
            Arc::new(builder.connect_timeout(soon).response_timeout(soon).build().expect("valid options"))
        }
    }
}

fn cache(inner: &Inner, store: Arc<dyn CacheStore>) -> SharedCache<Inner, Arc<dyn CacheStore>> {
    let builder = SharedCache::builder(Arc::clone(inner), store).mark_ttl(Duration::from_secs(1));
    builder.retry_after(Duration::from_millis(10)).build().expect("valid options")
}

fn inner() -> Inner {
    let inner = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
    inner.inner().put(&key("theme"), Stored::Value(Encoded::from(&b"dark"[..])));
    inner
}

/// Reads until the cache answers.
fn hits(cache: &SharedCache<Inner, Arc<dyn CacheStore>>, name: &str, wanted: &[u8]) {
    until("a hit", || {
        let before = cache.counters().counts().hits;
        assert_eq!(read(cache, name).expect("a read"), value(wanted));
        (cache.counters().counts().hits > before).then_some(())
    });
}

fn put(store: &dyn CacheStore, from: SwapFrom, to: &[u8]) -> Option<Version> {
    let swap = Swap { key: "versions", from, to, ttl: Duration::from_secs(600) };
    store.swap(&[swap]).expect("a swap").remove(0)
}

#[test]
fn a_version_from_before_a_restart_is_void() {
    for program in BOTH {
        let Some(mut server) = program.start() else { continue };
        let (store, other) = (open(program, &server.url()), open(program, &server.url()));
        let before = put(&*store, SwapFrom::Vacant, b"1").expect("nothing was there");
        server.kill();
        server.restart();
        // memcached gives its first cell the same number as before.
        assert!(put(&*other, SwapFrom::Vacant, b"2").is_some());
        assert_eq!(put(&*store, SwapFrom::Version(before), b"3"), None, "{program:?}");
        store.read(&["versions"]).expect("a read");
        assert_eq!(put(&*store, SwapFrom::Version(before), b"3"), None, "{program:?}, over a new connection");
    }
}

#[test]
fn what_redis_saved_before_a_restart_counts_as_lost() {
    let Some(mut server) = Program::Redis.start() else { return };
    let store = open(Program::Redis, &server.url());
    assert!(put(&*store, SwapFrom::Vacant, b"1").is_some());
    let client = constance_redis::redis::Client::open(server.url()).expect("a valid URL");
    let raw = || client.get_connection().expect("a connection");
    constance_redis::redis::cmd("SAVE").exec(&mut raw()).expect("saved");
    server.kill();
    server.restart();
    let kept: u8 = constance_redis::redis::cmd("EXISTS").arg("versions").query(&mut raw()).expect("an answer");
    assert_eq!(kept, 1, "Redis has it still");
    assert_eq!(store.read(&["versions"]).expect("a read"), [constance_cache::store::Seen::Vacant]);
    assert!(put(&*store, SwapFrom::Vacant, b"2").is_some(), "and it is in nobody's way");
}

#[test]
fn a_list_in_redis_is_in_nobodys_way() {
    let Some(server) = Program::Redis.start() else { return };
    let cache = cache(&inner(), open(Program::Redis, &server.url()));
    let client = constance_redis::redis::Client::open(server.url()).expect("a valid URL");
    let mut raw = client.get_connection().expect("a connection");
    constance_redis::redis::cmd("RPUSH").arg("constance:2:k:shop:theme").arg("x").exec(&mut raw).expect("a list");
    hits(&cache, "theme", b"dark");
    constance_redis::redis::cmd("DEL").arg("constance:2:k:shop:theme").exec(&mut raw).expect("removed");
    constance_redis::redis::cmd("RPUSH").arg("constance:2:k:shop:theme").arg("x").exec(&mut raw).expect("a list");
    write(&cache, "theme", b"light").expect("a write");
    hits(&cache, "theme", b"light");
}

#[test]
fn a_server_that_dies_and_comes_back_is_used_again() {
    for program in BOTH {
        let Some(mut server) = program.start() else { continue };
        let inner = inner();
        let cache = cache(&inner, open(program, &server.url()));
        hits(&cache, "theme", b"dark");
        server.kill();
        for _ in 0..20 {
            assert_eq!(read(&cache, "theme").expect("a read"), value(b"dark"));
        }
        let error = write(&cache, "theme", b"light").expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(inner.calls(Method::Write), 0);
        assert!(cache.counters().counts().cache_errors > 0);
        server.restart();
        write(&cache, "theme", b"light").expect("a write");
        hits(&cache, "theme", b"light");
    }
}

#[test]
fn a_restart_that_nobody_noticed_costs_no_error() {
    for program in BOTH {
        let Some(mut server) = program.start() else { continue };
        let cache = cache(&inner(), open(program, &server.url()));
        for _ in 0..3 {
            hits(&cache, "theme", b"dark");
            server.kill();
            server.restart();
            write(&cache, "theme", b"dark").expect("a write over a connection that was closed meanwhile");
            server.kill();
            server.restart();
            assert_eq!(read(&cache, "theme").expect("a read"), value(b"dark"));
        }
        assert_eq!(cache.counters().counts().cache_errors, 0, "{program:?}");
    }
}

#[test]
fn a_server_that_stands_still_is_not_waited_for_by_each() {
    for program in BOTH {
        let Some(server) = program.start() else { continue };
        let inner = inner();
        let still = SharedCache::builder(Arc::clone(&inner), open_hasty(program, &server.url()))
            .mark_ttl(Duration::from_secs(1))
            .retry_after(Duration::from_secs(3600))
            .build()
            .expect("valid options");
        hits(&still, "theme", b"dark");
        server.pause();
        let read = || assert_eq!(read(&still, "theme").expect("a read"), value(b"dark"));
        // It takes the system a moment to stop all of it.
        until("a read that has waited", || {
            read();
            (still.counters().counts().cache_errors > 0).then_some(())
        });
        (0..50).for_each(|_| read());
        assert_eq!(still.counters().counts().cache_errors, 1, "{program:?}: no other read has waited");
        let error = write(&still, "theme", b"light").expect_err("refused");
        assert_eq!((error.kind(), inner.calls(Method::Write)), (ErrorKind::Unavailable, 0));
        server.resume();
        // What was on its way to it arrives now, and does no harm.
        write(&still, "theme", b"light").expect("a write");
        assert_eq!(common::read(&still, "theme").expect("a read"), value(b"light"));
        hits(&cache(&inner, open(program, &server.url())), "theme", b"light");
    }
}

#[test]
fn a_dead_server_among_two_costs_its_own_keys_only() {
    let (Some(mut one), Some(two)) = (Program::Memcached.start(), Program::Memcached.start()) else { return };
    let url = format!("memcache://127.0.0.1:{},127.0.0.1:{}", one.port(), two.port());
    let (inner, store) = (inner(), open(Program::Memcached, &url));
    let cache = cache(&inner, Arc::clone(&store));
    // The parts are sorted by address.
    let dead = usize::from(one.url() > two.url());
    let names: Vec<String> = (0..40).map(|at| format!("setting-{at}")).collect();
    let of = |part: usize| -> Vec<&str> {
        let of_part = |name: &&String| store.part_of(&format!("constance:2:k:shop:{name}")) == part;
        names.iter().filter(of_part).map(String::as_str).collect()
    };
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    until("everything is cached", || {
        let before = cache.counters().counts().hits;
        read_all(&cache, &all).expect("a read");
        (cache.counters().counts().hits == before + 40).then_some(())
    });
    one.kill();
    read_all(&cache, &all).expect("a read");
    let before = cache.counters().counts();
    for name in of(1 - dead) {
        read(&cache, name).expect("a read");
    }
    assert_eq!(cache.counters().counts().hits - before.hits, of(1 - dead).len() as u64);
    for name in of(dead) {
        read(&cache, name).expect("a read");
    }
    assert_eq!(cache.counters().counts().hits - before.hits, of(1 - dead).len() as u64);
    write(&cache, of(1 - dead)[0], b"new").expect("a write of a key that does not lie there");
    assert_eq!(write(&cache, of(dead)[0], b"new").expect_err("refused").kind(), ErrorKind::Unavailable);
    one.restart();
    write(&cache, of(dead)[0], b"new").expect("a write");
}

#[test]
fn nothing_is_asked_before_it_is_needed() {
    let cache = cache(&inner(), open(Program::Memcached, "memcache://127.0.0.1:1,no-such-host.invalid"));
    assert_eq!(read_all(&cache, &["theme", "a", "b", "c"]).expect("a read")[0], value(b"dark"));
    assert!(cache.ping().is_ok(), "the store answers, and that is what counts");
    assert!(cache.counters().counts().cache_errors > 0);
}

#[test]
fn an_item_too_long_for_the_server_costs_no_error() {
    let Some(server) = Program::Memcached.start() else { return };
    let store = MemcachedStore::builder().url(&server.url()).and_then(|builder| builder.max_len(8_000_000).build());
    let inner = inner();
    let cache = cache(&inner, Arc::new(store.expect("a valid URL")));
    let large = vec![b'x'; 3_000_000];
    write(&cache, "large", &large).expect("a write");
    for _ in 0..3 {
        assert_eq!(read_all(&cache, &["large", "theme"]).expect("a read"), [value(&large), value(b"dark")]);
    }
    hits(&cache, "theme", b"dark");
    assert_eq!(cache.counters().counts().cache_errors, 0);
}

/// A password shows nowhere.
#[test]
fn errors_and_debug_show_no_password() {
    let store = RedisStore::from_url("redis://user:hunter2@127.0.0.1:1/0").expect("a valid URL");
    let error = store.read(&["a"]).expect_err("nobody listens there");
    assert!(!format!("{store:?} {error} {error:?}").contains("hunter2"));
    let error = RedisStore::from_url("redis://user:hunter2@:x/0").expect_err("no port");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
