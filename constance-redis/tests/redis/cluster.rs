//! The backend keeps the contract over a cluster.

use std::sync::Arc;

use constance_core::{Backend, Prefix, Registry};
use constance_redis::{RedisBackend, RedisBackendBuilder};

fn url() -> Option<String> {
    std::env::var("CONSTANCE_REDIS_CLUSTER_URL").ok()
}

fn builder() -> Option<RedisBackendBuilder> {
    Some(RedisBackend::builder().url(url()?))
}

constance_core::conformance_tests!(|| Some(RedisBackend::from_url(&url()?).expect("a valid URL")));

// All keys in one slot: batches are applied as a whole.
constance_core::conformance_tests!(mod under_a_tag: || {
    let prefix = Prefix::new("{constance}:").expect("a valid prefix");
    let backend = builder()?.default_prefix(prefix).build().expect("a valid URL");
    assert!(backend.capability().atomic_batch);
    Some(backend)
});

constance_core::conformance_tests!(mod waiting_for_a_replica: || {
    Some(builder()?.wait_replicas(1).build().expect("a valid URL"))
});

constance_core::conformance_tests!(mod by_scheme: || {
    let backend: Arc<dyn Backend> = Registry::new().with(constance_redis::schemes()).open(&url()?).expect("a scheme");
    Some(backend)
});
