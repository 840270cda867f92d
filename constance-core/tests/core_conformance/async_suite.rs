//! The suite for asynchronous backends: a right one passes, and each defect is noticed.

mod wrong;

use std::sync::Arc;

use constance_core::aio::{AsyncBackend, Blocking};
use constance_core::testing::ReferenceBackend;

constance_core::async_conformance_tests!(mod blocking: || Blocking::new(ReferenceBackend::new()));

constance_core::async_conformance_tests!(mod erased: || -> Arc<dyn AsyncBackend> {
    Arc::new(Blocking::new(ReferenceBackend::new().without_watch()))
});
