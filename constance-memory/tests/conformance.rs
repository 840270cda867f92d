//! The memory backend keeps the contract.

use std::sync::Arc;

use constance_core::Registry;
use constance_memory::MemoryBackend;

constance_core::conformance_tests!(MemoryBackend::new);

constance_core::conformance_tests!(mod by_url: || {
    Registry::new().with(constance_memory::schemes()).open("memory://").expect("a valid URL")
});

constance_core::conformance_tests!(mod in_an_arc: || Arc::new(MemoryBackend::new()));
