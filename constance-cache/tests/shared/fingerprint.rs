//! Stores that share a cache, without a namespace that keeps them apart, and one store that is known by two names.

use std::sync::Arc;
use std::time::Duration;

use crate::common::patient;
use crate::common::server::{Program, Server};
use crate::common::{HOLD, Store, World, read, read_all, until, value, write};
use constance_cache::{CacheStore, SharedCache};
use constance_core::testing::ReferenceBackend;
use constance_core::{
    Backend, Config, ErrorKind, Prefix, Registry, Result, Settings,
    backend::{Applied, Batch, Capability, Key, Stored},
};
use constance_redis::RedisBackend;

/// A store by this name; by none, it cannot be told.
#[derive(Debug)]
struct Named<B>(B, Option<&'static str>);

impl<B: Backend> Backend for Named<B> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capability(&self) -> Capability {
        self.0.capability()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.0.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.0.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.0.write(batch)
    }

    fn identity(&self) -> Option<String> {
        self.1.map(str::to_owned)
    }
}

fn by_name(world: &World, name: &'static str) -> SharedCache<Named<crate::common::Inner>, Store> {
    SharedCache::builder(Named(Arc::clone(&world.inner), Some(name)), Arc::clone(&world.store))
        .mark_ttl(HOLD)
        .clock(Arc::clone(&world.clock))
        .dangerously_allow_unshared_store()
        .build()
        .expect("valid options")
}

#[test]
fn two_names_of_one_store_cost_hits_and_nothing_else() {
    let world = World::new();
    let (one, other) = (by_name(&world, "db"), by_name(&world, "db.internal"));
    for round in 0..3_u8 {
        write(&one, "theme", &[round]).expect("a write");
        for process in [&one, &other, &one, &other] {
            assert_eq!(read(process, "theme").expect("a read"), value(&[round]));
        }
        world.clock.advance(HOLD);
        world.reads();
        assert_eq!(read(&one, "theme").expect("a read"), value(&[round]));
        assert_eq!(read(&one, "theme").expect("a read"), value(&[round]));
        assert_eq!(world.reads(), 1, "by one name it is served, once it was filled");
        // A write by either name is seen by both.
        write(&other, "theme", b"new").expect("a write");
        assert_eq!(read(&one, "theme").expect("a read"), value(b"new"));
    }
    assert_eq!(read_all(&one, &["theme", "size"]).expect("a read"), [value(b"new"), Stored::Absent]);
    assert_eq!(read_all(&other, &["theme", "size"]).expect("a read"), [value(b"new"), Stored::Absent]);
}

#[test]
fn a_store_that_cannot_be_told_needs_a_namespace() {
    let world = World::new();
    let builder = || {
        let inner = Named(Arc::clone(&world.inner), None);
        SharedCache::builder(inner, Arc::clone(&world.store)).dangerously_allow_unshared_store()
    };
    let error = builder().build().expect_err("nothing tells it from another");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("which store") && error.to_string().contains("namespace"), "{error}");
    let cache = builder().namespace("shop").build().expect("a namespace tells it");
    write(&cache, "theme", b"dark").expect("a write");
    assert_eq!(read(&cache, "theme").expect("a read"), value(b"dark"));
    // A pool of the application's own is such a store.
    let client = constance_redis::redis::Client::open("redis://127.0.0.1:1/0").expect("a valid URL");
    let brought = RedisBackend::with_connections(r2d2::Pool::builder().build_unchecked(client));
    assert_eq!(brought.identity(), None);
    assert_eq!(constance_diesel::SqliteBackend::with_pool(pool()).identity(), None);
}

fn pool() -> r2d2::Pool<constance_diesel::diesel::r2d2::ConnectionManager<constance_diesel::diesel::SqliteConnection>> {
    r2d2::Pool::builder().build_unchecked(constance_diesel::diesel::r2d2::ConnectionManager::new("nowhere.sqlite3"))
}

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = "none", secret)]
    api_key: String,
}

fn registry() -> Registry {
    Registry::new().with(constance_redis::schemes()).with(constance_diesel::schemes())
}

fn store(server: &Server, program: Program) -> Arc<dyn CacheStore> {
    match program {
        Program::Memcached => Arc::new(patient::memcached(&server.url())),
        Program::Redis => Arc::new(patient::redis(&server.url())),
    }
}

/// The cache of this server, in front of a backend.
fn config(backend: &str, cache: &Server, program: Program) -> Config<Shop> {
    let backend = registry().open(backend).expect("a backend");
    Config::new(SharedCache::builder(backend, store(cache, program)).build().expect("a cache"))
}

/// The cache of the environment, in front of a backend.
fn from_env(backend: &str, cache: &Server, namespace: Option<&str>) -> Result<Config<Shop>> {
    let registry = registry().with_cache(constance_cache::from_env());
    let url = cache.url();
    Config::<Shop>::from_vars(&registry, |name| {
        Ok(match name {
            "CONSTANCE_BACKEND" => Some(backend.to_owned()),
            "CONSTANCE_CACHE_BACKEND" => Some(url.clone()),
            "CONSTANCE_CACHE_NAMESPACE" => namespace.map(str::to_owned),
            _ => None,
        })
    })
}

#[test]
fn two_stores_behind_one_cache_never_read_each_others_values() {
    for program in [Program::Memcached, Program::Redis] {
        let (Some(cache), Some(one), Some(other)) = (program.start(), Program::Redis.start(), Program::Redis.start())
        else {
            continue;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let file = format!("sqlite://{}/settings.sqlite3?table=shop", folder.path().display());
        let urls = [
            one.url(),
            other.url(),
            format!("redis://127.0.0.1:{}/1", one.port()),
            file.clone(),
            file.replace("shop", "other"),
        ];
        let configs = urls.map(|url| config(&url, &cache, program));
        for (number, config) in configs.iter().enumerate() {
            config.migrate().expect("tables");
            config.set(Shop::API_KEY, format!("hunter{number}")).expect("a set");
        }
        for _ in 0..3 {
            for (number, config) in configs.iter().enumerate() {
                assert_eq!(config.get(Shop::API_KEY).expect("a get"), format!("hunter{number}"), "{program:?}");
            }
        }
        configs[1].reset(Shop::API_KEY).expect("a reset");
        assert_eq!(configs[1].get(Shop::API_KEY).expect("a get"), "none", "{program:?}");
        assert_eq!(configs[0].get(Shop::API_KEY).expect("a get"), "hunter0", "{program:?}");
    }
}

#[test]
fn two_host_names_of_one_server_see_each_others_writes() {
    let (Some(cache), Some(store)) = (Program::Memcached.start(), Program::Redis.start()) else { return };
    let by = |host: &str| config(&format!("redis://{host}:{}/0", store.port()), &cache, Program::Memcached);
    let (one, other) = (by("127.0.0.1"), by("localhost"));
    for round in 0..5 {
        one.set(Shop::API_KEY, format!("one {round}")).expect("a set");
        assert_eq!(other.get(Shop::API_KEY).expect("a get"), format!("one {round}"));
        other.set(Shop::API_KEY, format!("other {round}")).expect("a set");
        assert_eq!(one.get(Shop::API_KEY).expect("a get"), format!("other {round}"));
    }
}

#[test]
fn a_name_that_is_another_server_elsewhere_needs_a_namespace() {
    let Some(cache) = Program::Memcached.start() else { return };
    let error = from_env("redis://redis:6379/0", &cache, None).expect_err("which one of all that are called so");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("CONSTANCE_CACHE_NAMESPACE"), "{error}");
    from_env("redis://redis:6379/0", &cache, Some("shop")).expect("a namespace tells it");
}

#[test]
fn one_name_is_served_from_the_cache() {
    for program in [Program::Memcached, Program::Redis] {
        let Some(server) = program.start() else { continue };
        let store = store(&server, program);
        let inner = Arc::new(ReferenceBackend::new());
        let open =
            || SharedCache::builder(Arc::clone(&inner), Arc::clone(&store)).mark_ttl(Duration::from_secs(1)).build();
        let (one, other) = (open().expect("valid options"), open().expect("valid options"));
        write(&one, "theme", b"dark").expect("a write");
        until("a hit in the other process", || {
            assert_eq!(read(&other, "theme").expect("a read"), value(b"dark"));
            (other.counters().counts().hits > 0).then_some(())
        });
    }
}

/// Who can write to the cache writes settings; what makes no value of it says where it may come from.
#[test]
fn an_unreadable_value_names_the_cache() {
    let (Some(cache), Some(store)) = (Program::Memcached.start(), Program::Redis.start()) else { return };
    let config = config(&store.url(), &cache, Program::Memcached);
    let key = config.prefix().key("api_key").expect("a key");
    let change = constance_core::backend::Change::set(key, constance_core::backend::Encoded::from(&b"hunter2"[..]));
    config.backend().write(&Batch::one(change)).expect("a write");
    let error = config.get(Shop::API_KEY).expect_err("no value");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("from redis+memcached"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
