//! The cache in the process by environment.

use constance_core::testing::ReferenceBackend;
use constance_core::{Backend, Config, ErrorKind, Registry, Result, Settings, backend::Scheme};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

fn with(registry: &Registry, url: &str, ttl: &str) -> Result<Config<Shop>> {
    Config::from_vars(registry, |name| {
        Ok(match name {
            "CONSTANCE_BACKEND" => Some(url.to_owned()),
            "CONSTANCE_CACHE_TTL" => Some(ttl.to_owned()),
            _ => None,
        })
    })
}

fn registry() -> Registry {
    let silent = || Arc::new(ReferenceBackend::new().without_watch()) as Arc<dyn Backend>;
    Registry::new()
        .with(constance_memory::schemes())
        .with([Scheme::new("silent", move |_| Ok(silent()))])
        .with_cache(constance_cache::from_env())
}

#[test]
fn the_environment_asks_for_a_cache() -> Result<()> {
    for (ttl, shown) in [("60", "ttl: Some(60s)"), ("0.5", "ttl: Some(500ms)"), ("none", "ttl: None")] {
        let config = with(&registry(), "memory://", ttl)?;
        let backend = format!("{:?}", config.backend());
        assert!(backend.starts_with("LocalCache") && backend.contains(shown), "{backend}");
        config.set(Shop::THE_ANSWER, 1)?;
        assert_eq!(config.get(Shop::THE_ANSWER)?, 1);
    }
    // Empty is unset, as with the backend.
    let backend = format!("{:?}", with(&registry(), "memory://", "")?.backend());
    assert!(backend.starts_with("MemoryBackend"), "{backend}");
    Ok(())
}

#[test]
fn what_is_wrong_is_said_with_the_next_step() {
    let refused = |url: &str, ttl: &str| {
        let error = with(&registry(), url, ttl).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        error.to_string()
    };
    assert_eq!(
        refused("memory://", "a minute"),
        "CONSTANCE_CACHE_TTL: it is neither a number of seconds above 0 nor none; unset it to have no cache"
    );
    assert_eq!(
        refused("silent://", "none"),
        "CONSTANCE_CACHE_TTL: it is none, which keeps a value until a feed tells of its change, and the backend has no \
         feed; give a number of seconds"
    );
    let error = with(&Registry::new().with(constance_memory::schemes()), "memory://", "60").expect_err("refused");
    assert_eq!(
        error.to_string(),
        "CONSTANCE_CACHE_TTL is set, and no cache is registered; \
         add constance-cache and register its from_env() by Registry::with_cache, or unset it"
    );
}
