//! A server that is not there, and a process of ours that is killed.

use std::path::Path;

use constance_redis::RedisBackend;

use crate::{blocking, common};

/// A port where nothing listens.
const NOWHERE: &str = "redis://constance:hunter2@127.0.0.1:1/0";

constance_core::unreachable_backend_tests!(mod unreachable: || RedisBackend::from_url(NOWHERE).expect("a valid URL"));

#[cfg(feature = "aio")]
constance_core::unreachable_backend_tests!(mod unreachable_asynchronously: constance_core::testing::aio::bridged(|| {
    constance_redis::aio::AsyncRedisBackend::from_url(NOWHERE).expect("a valid URL")
}));

constance_core::persistence_tests!(mod persistent: |folder: &Path| {
    // The child process has to reach the server of its parent, and not one of its own.
    let file = folder.join("url");
    let url = match std::fs::read_to_string(&file) {
        Ok(url) => url,
        Err(_) => {
            let url = blocking::url()?;
            std::fs::write(&file, &url).expect("a folder that can be written to");
            url
        }
    };
    Some(common::long_timeouts(&url))
});
