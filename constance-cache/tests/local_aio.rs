//! The cache in the process over asynchronous backends.
#![cfg(feature = "tokio")]
#![allow(clippy::expect_used)]

use constance_cache::aio::AsyncLocalCache;
use constance_core::aio::Blocking;
use constance_memory::MemoryBackend;

constance_core::async_conformance_tests!(mod memory: || AsyncLocalCache::new(Blocking::new(MemoryBackend::new())));
