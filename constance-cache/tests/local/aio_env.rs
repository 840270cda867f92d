//! The cache in the process by environment, over an asynchronous backend.

use constance_core::aio::AsyncConfig;
use constance_core::{Registry, Result, Settings};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

fn with(vars: &[(&str, &str)]) -> Result<AsyncConfig<Shop>> {
    let registry = Registry::new().with(constance_memory::schemes()).with_cache(constance_cache::from_env());
    AsyncConfig::from_vars(&registry, |name| {
        Ok(match name {
            "CONSTANCE_BACKEND" => Some("memory://".to_owned()),
            _ => vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
        })
    })
}

#[tokio::test]
async fn a_hit_is_answered_in_the_task_that_asks() -> Result<()> {
    for (ttl, shown) in [("60", "ttl: Some(60s)"), ("none", "ttl: None")] {
        let config = with(&[("CONSTANCE_CACHE_TTL", ttl), ("CONSTANCE_PREFIX", "shop:")])?;
        let backend = format!("{:?}", config.backend());
        assert!(
            backend.starts_with("AsyncLocalCache { inner: Blocking(MemoryBackend") && backend.contains(shown),
            "{backend}"
        );
        config.set(Shop::THE_ANSWER, 1).await?;
        assert_eq!(config.get(Shop::THE_ANSWER).await?, 1);
        // Where it follows the feed, that may have told of the write only now.
        let held = config.backend().peek(&config.prefix().key("the_answer")?).is_some();
        assert!(held || ttl == "none");
        assert_eq!(config.prefix().as_str(), "shop:");
    }
    Ok(())
}

#[test]
fn what_is_wrong_is_said_in_the_words_of_the_synchronous_front() {
    let error = with(&[("CONSTANCE_CACHE_TTL", "a minute")]).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "CONSTANCE_CACHE_TTL: it is neither a number of seconds above 0 nor none; unset it to have no cache"
    );
}

/// A cache that processes share is synchronous: it runs on blocking threads, with the backend.
#[cfg(feature = "redis")]
#[test]
fn a_shared_cache_is_below_the_one_of_the_process() -> Result<()> {
    let shared = [("CONSTANCE_CACHE_BACKEND", "redis://127.0.0.1:1/0"), ("CONSTANCE_CACHE_NAMESPACE", "shop")];
    let backend = format!("{:?}", with(&shared)?.backend());
    assert!(backend.starts_with("Blocking(SharedCache"), "{backend}");
    let backend = format!("{:?}", with(&[shared[0], shared[1], ("CONSTANCE_CACHE_TTL", "60")])?.backend());
    assert!(backend.starts_with("AsyncLocalCache { inner: Blocking(SharedCache"), "{backend}");
    Ok(())
}
