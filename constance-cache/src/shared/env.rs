//! The shared cache from environment variables.

use std::sync::Arc;
use std::time::Duration;

use constance_core::url::normalize;
use constance_core::{Backend, Error, ErrorKind, Layer, Result};

use super::SharedCache;
use crate::store::CacheStore;

const AUTOFILL: &str = "CONSTANCE_AUTOFILL";
const NAMESPACE: &str = "CONSTANCE_CACHE_NAMESPACE";

/// `CONSTANCE_CACHE_BACKEND`, `CONSTANCE_AUTOFILL` and `CONSTANCE_CACHE_NAMESPACE`.
pub(crate) fn layer() -> Layer {
    let layer = Layer::new("CONSTANCE_CACHE_BACKEND", |url, backend, vars| {
        let mut builder = SharedCache::builder(backend, open(url)?);
        if let Some(period) = vars.get(AUTOFILL)? {
            builder = builder.autofill(autofill(&period)?);
        }
        match vars.get(NAMESPACE)? {
            Some(namespace) => builder = builder.namespace(namespace),
            None if builder.lacks_namespace() => return Err(super::builder::unnamed().with_hint(NAME_IT)),
            None => {}
        }
        Ok(Arc::new(builder.build()?) as Arc<dyn Backend>)
    });
    layer.also_reading(&[AUTOFILL, NAMESPACE])
}

/// The next step where nothing says which store it is.
const NAME_IT: &str = "set CONSTANCE_CACHE_NAMESPACE to a word that no other store behind this cache has";

/// The cache store that a URL names.
fn open(url: &str) -> Result<Box<dyn CacheStore>> {
    let url = &*normalize(url);
    match url.split_once("://").map_or("", |(scheme, _)| scheme) {
        #[cfg(feature = "memcached")]
        "memcache" | "memcached" => Ok(Box::new(crate::MemcachedStore::from_url(url)?)),
        #[cfg(not(feature = "memcached"))]
        "memcache" | "memcached" => Err(not_built_in("memcached")),
        scheme if !scheme.contains("redis") && !scheme.contains("valkey") && scheme != "unix" => {
            Err(refused("the URL is not one of a cache that processes share")
                .with_hint("write memcache://host:port,host:port or redis://host:port/db"))
        }
        #[cfg(feature = "redis")]
        _ => Ok(Box::new(crate::RedisStore::from_url(url)?)),
        #[cfg(not(feature = "redis"))]
        _ => Err(not_built_in("redis")),
    }
}

#[cfg(not(all(feature = "memcached", feature = "redis")))]
fn not_built_in(feature: &'static str) -> Error {
    refused("constance-cache was built without the scheme of the URL")
        .with_hint(format!("enable the feature {feature} of constance-cache"))
}

fn autofill(text: &str) -> Result<Option<Duration>> {
    if text == "none" {
        return Ok(None);
    }
    let seconds: Option<f64> = text.trim().parse().ok();
    let period = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).filter(|time| !time.is_zero());
    period.map(Some).ok_or_else(|| {
        refused("CONSTANCE_AUTOFILL is neither a number of seconds above 0 nor none")
            .with_hint("unset it to fill all settings together whenever they are gone")
    })
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::Configuration).with_detail(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn autofill_is_seconds_or_none() {
        assert_eq!(autofill("none").ok(), Some(None));
        assert_eq!(autofill("86400").ok(), Some(Some(Duration::from_secs(86_400))));
        for text in ["0", "-1", "day", "", "NaN", "inf"] {
            let error = autofill(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
            assert!(!error.to_string().contains("day"), "{error}");
        }
    }

    #[test]
    #[cfg(all(feature = "memcached", feature = "redis", unix))]
    fn white_space_at_the_ends_and_the_case_of_the_scheme_mean_nothing() {
        for url in ["Memcache://127.0.0.1:1\n", " REDIS://127.0.0.1:1/0", "valkey+UNIX:///r.sock\r\n"] {
            open(url).expect(url);
        }
    }

    #[test]
    #[cfg(not(feature = "redis"))]
    fn a_cache_that_is_not_built_in_names_its_feature() {
        let error = open("REDIS://:hunter2@h").expect_err("it is not built in");
        assert_eq!(
            error.to_string(),
            "constance-cache was built without the scheme of the URL; enable the feature redis of constance-cache"
        );
    }

    #[test]
    fn a_url_of_something_else_says_what_is_wanted() {
        for url in ["locmem://", "http://hunter2", "memcache", ""] {
            let error = open(url).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains("memcache://") && !error.to_string().contains("hunter2"), "{error}");
        }
    }
}
