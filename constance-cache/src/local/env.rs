//! The cache in the process from environment variables.

use std::sync::Arc;
use std::time::Duration;

use constance_core::{Backend, Error, ErrorKind, Layer, Result, backend::Capability};

use super::LocalCache;

/// `CONSTANCE_CACHE_TTL`.
pub(crate) fn layer() -> Layer {
    let layer = Layer::new("CONSTANCE_CACHE_TTL", |value, backend, _vars| {
        let ttl = time(value, backend.capability())?;
        let builder = LocalCache::builder(backend);
        Ok(match ttl {
            Some(ttl) => Arc::new(builder.ttl(ttl).build()) as Arc<dyn Backend>,
            None => Arc::new(builder.ttl_forever().follow().build()),
        })
    });
    #[cfg(feature = "tokio")]
    let layer = layer.with_async(|value, backend, _vars| {
        let ttl = time(value, backend.capability())?;
        let builder = super::aio::AsyncLocalCache::builder(backend);
        Ok(match ttl {
            Some(ttl) => Arc::new(builder.ttl(ttl).build()),
            None => Arc::new(builder.ttl_forever().follow().build()),
        })
    });
    layer
}

/// How long a value is kept over a backend of this capability; `None`: until its feed tells of a change.
fn time(value: &str, capability: Capability) -> Result<Option<Duration>> {
    if value != "none" {
        return seconds(value).map(Some);
    }
    // The cache would never learn of the writes of other processes.
    if !capability.watch {
        return Err(refused(
            "it is none, which keeps a value until a feed tells of its change, and the backend has no feed",
        )
        .with_hint("give a number of seconds"));
    }
    // The feed is that of the store, and tells before the cache in between has been cleared, if that ever is.
    if capability.remembers {
        return Err(refused(
            "it is none, which keeps a value until a feed tells of its change, and the cache below may go on \
             answering with the value from before",
        )
        .with_hint("give a number of seconds"));
    }
    Ok(None)
}

fn seconds(value: &str) -> Result<Duration> {
    let seconds: Option<f64> = value.trim().parse().ok();
    let ttl = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).filter(|ttl| !ttl.is_zero());
    ttl.ok_or_else(|| {
        refused("it is neither a number of seconds above 0 nor none").with_hint("unset it to have no cache")
    })
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::Configuration).with_detail(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_above_zero() {
        assert_eq!(seconds("60").ok(), Some(Duration::from_secs(60)));
        assert_eq!(seconds(" 0.25 ").ok(), Some(Duration::from_millis(250)));
        for text in ["0", "-1", "sixty", "60s", "", "NaN", "inf", "1e300", "1e-30"] {
            let error = seconds(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
            assert!(!error.to_string().contains("sixty"), "{error}");
        }
    }
}
