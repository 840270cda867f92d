//! What the URL of a cache says is done, or refused.

use std::time::Duration;

use crate::common::server::Program;
use constance_cache::{CacheStore, MemcachedStore, RedisStore};
use constance_core::{Config, ErrorKind, Registry, Result, Settings};
use constance_redis::redis;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

/// A service whose environment names this cache.
fn config(url: &str) -> Result<Config<Shop>> {
    let registry = Registry::new().with(constance_memory::schemes()).with_cache(constance_cache::from_env());
    Config::<Shop>::from_vars(&registry, |name| {
        Ok(match name {
            "CONSTANCE_BACKEND" => Some("Memory://\n".to_owned()),
            "CONSTANCE_CACHE_BACKEND" => Some(url.to_owned()),
            _ => None,
        })
    })
}

#[test]
fn the_database_of_the_query_is_the_one_that_is_used() {
    let Some(server) = Program::Redis.start() else { return };
    let config =
        config(&format!(" REDIS://127.0.0.1:{}?db=3&socket_timeout=60&socket_connect_timeout=60\n", server.port()))
            .expect("a config");
    config.get(Shop::THE_ANSWER).expect("a get");
    let size = |db: u32| {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/{db}", server.port())).expect("a URL");
        let mut connection = client.get_connection().expect("a connection");
        redis::cmd("DBSIZE").query::<u64>(&mut connection).expect("a number")
    };
    assert_eq!(size(0), 0);
    assert!(size(3) > 0);
}

#[test]
fn what_cannot_be_kept_is_refused_and_not_shown() {
    for (url, words) in [
        ("redis://127.0.0.1?decode_responses=True", "the parameter decode_responses, which is not known"),
        ("redis://default:57#hunter2@127.0.0.1", "%23"),
        ("redis://default:57?hunter2@127.0.0.1", "%3F"),
        ("redis+unix:///:hunter2@/run/redis.sock", "%40"),
        ("redis://shop:@127.0.0.1", "the password is empty"),
        ("redis://shop@127.0.0.1", "the password is missing"),
        ("redis://127.0.0.1/0?db=3", "two databases"),
        ("rediss://:hunter2@127.0.0.1", "without TLS"),
        ("redis+sentinel://:hunter2@127.0.0.1/m", "one server"),
        ("memcache://user:hunter2@127.0.0.1", "a user or a password"),
        ("memcache://127.0.0.1?timeout=1", "more than hosts and ports"),
        ("locmem://hunter2", "not one of a cache that processes share"),
    ] {
        let error = config(url).map(drop).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
        assert!(
            error.to_string().starts_with("CONSTANCE_CACHE_BACKEND: ") && error.to_string().contains(words),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
    }
}

#[test]
fn white_space_at_the_ends_and_the_case_of_the_scheme_mean_nothing() {
    let memcached = MemcachedStore::from_url(" MemCached://one,two:7\r\n").expect("a valid URL");
    assert_eq!(memcached.parts(), 2);
    RedisStore::from_url("Valkey+Unix:///run/r.sock\n").expect("a valid URL");
}

#[test]
fn the_url_and_the_builder_have_to_agree() {
    let of = |query: &str| RedisStore::builder(&format!("redis://:hunter2@127.0.0.1?{query}")).expect("a valid URL");
    let seconds = Duration::from_secs;
    of("socket_timeout=5").response_timeout(seconds(5)).build().expect("they agree");
    for (builder, named) in [
        (of("socket_timeout=5").response_timeout(seconds(2)), "socket_timeout"),
        (of("socket_connect_timeout=5").connect_timeout(seconds(2)), "socket_connect_timeout"),
        (of("max_connections=3").pool_size(10), "max_connections"),
    ] {
        assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
        let error = builder.build().map(drop).expect_err(named);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let words = format!("the parameter {named} of the URL contradicts the builder; leave one of the two out");
        assert_eq!(error.to_string(), words);
    }
}

#[test]
fn timeouts_too_long_for_the_clock_are_none() {
    if let Some(server) = Program::Redis.start() {
        let builder = RedisStore::builder(&format!("redis://127.0.0.1:{}", server.port())).expect("a valid URL");
        let store = builder.connect_timeout(Duration::MAX).response_timeout(Duration::MAX).build().expect("a store");
        assert!(store.read(&["key"]).expect("an answer").len() == 1);
    }
    if let Some(server) = Program::Memcached.start() {
        let builder = MemcachedStore::builder().server(&format!("127.0.0.1:{}", server.port())).expect("an address");
        let store = builder.connect_timeout(Duration::MAX).response_timeout(Duration::MAX).build().expect("a store");
        assert!(store.read(&["key"]).expect("an answer").len() == 1);
    }
}
