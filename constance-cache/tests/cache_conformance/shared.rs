//! A shared cache keeps the contract of a backend, over every store and every cache.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use constance_cache::{CacheStore, MemoryStore, SharedCache};
use constance_core::testing::wrappers::Inner;
use constance_core::{Backend, Registry};
use constance_diesel::SqliteBackend;
use constance_memory::MemoryBackend;
use tempfile::TempDir;

use crate::common;
use crate::common::World;

/// One folder for all cases, which each have a key space of their own. It stays in the target folder.
static FOLDER: LazyLock<PathBuf> =
    LazyLock::new(|| TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder").keep());

/// A cache of its own for each backend: a new backend in memory shares no cache with another.
fn cached<B: Backend, C: CacheStore>(inner: B, store: C, namespace: &str) -> SharedCache<B, C> {
    SharedCache::builder(inner, store)
        .namespace(namespace)
        .dangerously_allow_unshared_store()
        .build()
        .expect("valid options")
}

fn own_namespace() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("suite:{}:{}:{count}", now.as_nanos(), std::process::id())
}

fn sqlite(name: &str) -> SqliteBackend {
    let url = format!("sqlite://{}/{name}.sqlite3", FOLDER.display());
    let backend = SqliteBackend::from_url(&url).expect("a valid URL");
    backend.migrate().expect("tables");
    backend
}

/// The database that a variable names, or `None` (and a word about it) where none is named.
fn database(variable: &str) -> Option<Arc<dyn Backend>> {
    let url = constance_testserver::url_in(variable)?;
    let backend = Registry::new().with(constance_diesel::schemes()).open(&url).expect("a URL of a known scheme");
    backend.migrate().expect("tables");
    Some(backend)
}

/// Both suites over a cache store. A database gets one line: a name, what opens it, and a namespace of its own.
macro_rules! suites {
    ($store:ident) => {
        constance_core::wrapper_conformance_tests!(mod wrapper: |inner: Inner| {
            cached(inner, $store().unwrap_or_else(unshared), &own_namespace())
        });
        constance_core::conformance_tests!(mod over_memory: || {
            Some(cached(MemoryBackend::new(), $store()?, &own_namespace()))
        });
        suites!(@ $store, over_sqlite: sqlite(stringify!($store)));
        suites!(@ $store, over_postgres: database("CONSTANCE_POSTGRES_URL")?);
        suites!(@ $store, over_mariadb: database("CONSTANCE_MARIADB_URL")?);
    };
    (@ $store:ident, $name:ident: $backend:expr) => {
        mod $name {
            use super::*;

            /// One for all backends of this test program, as they are on one database.
            static NAMESPACE: LazyLock<String> = LazyLock::new(own_namespace);

            constance_core::conformance_tests!(|| Some(cached($backend, $store()?, &NAMESPACE)));
        }
    };
}

/// Where there is no server, what is tested of a wrapper is tested over memory.
fn unshared() -> Box<dyn CacheStore> {
    Box::new(MemoryStore::new())
}

mod in_memory {
    use super::*;

    /// One for all, as a server is.
    static STORE: LazyLock<MemoryStore> = LazyLock::new(MemoryStore::new);

    fn memory() -> Option<Box<dyn CacheStore>> {
        Some(Box::new(&*STORE))
    }

    suites!(memory);
}

#[cfg(all(unix, feature = "memcached"))]
mod in_memcached {
    use super::*;
    use crate::common::server::{Program, Server};

    static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| Program::Memcached.start());

    fn memcached() -> Option<Box<dyn CacheStore>> {
        let own = || SERVER.as_ref().map(Server::url);
        let url = std::env::var("CONSTANCE_MEMCACHED_URL").ok().or_else(own)?;
        Some(Box::new(common::patient::memcached(&url)))
    }

    suites!(memcached);

    // A cache in the process, over one for all processes, over a database.
    static NAMESPACE: LazyLock<String> = LazyLock::new(own_namespace);
    constance_core::conformance_tests!(mod behind_a_local_cache: || {
        let shared = cached(database("CONSTANCE_POSTGRES_URL")?, memcached()?, &NAMESPACE);
        Some(constance_cache::LocalCache::new(shared))
    });
}

#[cfg(all(unix, feature = "memcached"))]
mod in_two_memcached {
    use super::*;
    use crate::common::server::{Program, Server};

    static SERVERS: LazyLock<Option<[Server; 2]>> =
        LazyLock::new(|| Some([Program::Memcached.start()?, Program::Memcached.start()?]));

    fn two_memcached() -> Option<Box<dyn CacheStore>> {
        let own = || {
            let [one, two] = SERVERS.as_ref()?;
            Some(format!("memcache://127.0.0.1:{},127.0.0.1:{}", one.port(), two.port()))
        };
        let url = std::env::var("CONSTANCE_MEMCACHED_SERVERS_URL").ok().or_else(own)?;
        let hosts = url.replace("memcache://", "");
        Some(Box::new(common::patient::memcached(&format!("memcache://{hosts}"))))
    }

    suites!(two_memcached);
}

#[cfg(all(unix, feature = "redis"))]
mod in_redis {
    use super::*;
    use crate::common::server::{Program, Server};

    static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| Program::Redis.start());

    fn redis() -> Option<Box<dyn CacheStore>> {
        let own = || SERVER.as_ref().map(Server::url);
        let url = std::env::var("CONSTANCE_REDIS_URL").ok().or_else(own)?;
        Some(Box::new(common::patient::redis(&url)))
    }

    suites!(redis);
}

#[test]
fn a_store_that_is_not_shared_is_refused_with_the_reason() {
    let error = SharedCache::builder(MemoryBackend::new(), MemoryStore::new()).build().expect_err("not shared");
    assert_eq!(error.kind(), constance_core::ErrorKind::Configuration);
    assert!(error.to_string().contains("\"memory\" is not shared across processes"), "{error}");
    assert!(error.to_string().contains("LocalCache"), "{error}");
}

#[test]
fn options_out_of_range_are_refused() {
    let world = World::new();
    let builder = || {
        SharedCache::builder(std::sync::Arc::clone(&world.inner), std::sync::Arc::clone(&world.store))
            .dangerously_allow_unshared_store()
    };
    let zero = std::time::Duration::ZERO;
    for (builder, word) in [
        (builder().namespace(""), "namespace"),
        (builder().namespace("a b"), "namespace"),
        (builder().namespace("x".repeat(101)), "namespace"),
        (builder().mark_ttl(zero), "mark_ttl"),
        (builder().mark_ttl(std::time::Duration::from_secs(3601)), "mark_ttl"),
        (builder().ttl(zero), "ttl"),
        (builder().autofill(zero), "autofill"),
    ] {
        let error = builder.build().expect_err(word);
        assert!(error.to_string().contains(word), "{error}");
    }
}
