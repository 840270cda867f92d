//! The cache in the process keeps the contract over every backend. One line for each.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use constance_cache::LocalCache;
use constance_core::testing::ReferenceBackend;
use constance_core::testing::wrappers::Inner;
use constance_core::{Backend, Registry};
use constance_memory::MemoryBackend;

/// A backend by URL, or `None` where the variable that names its service is not set.
fn service(variable: &str) -> Option<Arc<dyn Backend>> {
    let registry = Registry::new().with(constance_redis::schemes()).with(constance_diesel::schemes());
    let backend = registry.open(&constance_testserver::url_in(variable)?).expect("a URL of a known scheme");
    backend.migrate().expect("the service answers");
    Some(backend)
}

fn sqlite() -> Arc<dyn Backend> {
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
    let url = format!("sqlite://{}", FOLDER.path().join("settings.sqlite3").display());
    let backend = Registry::new().with(constance_diesel::schemes()).open(&url).expect("a valid URL");
    backend.migrate().expect("a new file");
    backend
}

constance_core::conformance_tests!(mod memory: || LocalCache::new(MemoryBackend::new()));
constance_core::conformance_tests!(mod without_feed: || LocalCache::new(ReferenceBackend::new().without_watch()));
constance_core::conformance_tests!(mod sqlite_file: || LocalCache::new(sqlite()));
constance_core::conformance_tests!(mod postgres: || Some(LocalCache::new(service("CONSTANCE_POSTGRES_URL")?)));
constance_core::conformance_tests!(mod mariadb: || Some(LocalCache::new(service("CONSTANCE_MARIADB_URL")?)));
constance_core::conformance_tests!(mod redis: || Some(LocalCache::new(service("CONSTANCE_REDIS_URL")?)));

// Other times and other words.
constance_core::conformance_tests!(mod nothing_kept: || {
    LocalCache::builder(MemoryBackend::new()).ttl(Duration::ZERO).build()
});
constance_core::conformance_tests!(mod one_by_one: || {
    LocalCache::builder(MemoryBackend::new()).fill_together(false).jitter(Duration::from_secs(20)).build()
});
constance_core::conformance_tests!(mod following: || LocalCache::builder(sqlite()).ttl_forever().follow().build());
constance_core::conformance_tests!(mod stale_on_error: || {
    LocalCache::builder(MemoryBackend::new()).stale_on_error(Duration::from_secs(60)).build()
});
constance_core::conformance_tests!(mod twice: || LocalCache::new(LocalCache::new(MemoryBackend::new())));

// Not one that follows: its thread would take up the calls that these cases count and fail.
constance_core::wrapper_conformance_tests!(mod wrapper: |inner: Inner| LocalCache::new(inner));
constance_core::wrapper_conformance_tests!(mod wrapper_nothing_kept: |inner: Inner| {
    LocalCache::builder(inner).ttl(Duration::ZERO).build()
});
