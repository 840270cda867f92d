//! The tools for tests keep the contract themselves.

use std::sync::Arc;

use constance_core::testing::wrappers::Inner;
use constance_core::testing::{FaultyBackend, ReferenceBackend};

mod reference {
    use super::ReferenceBackend;

    constance_core::conformance_tests!(ReferenceBackend::new);
    constance_core::conformance_tests!(mod without_watch: || ReferenceBackend::new().without_watch());
}

mod faulty {
    use super::{Arc, FaultyBackend, Inner, ReferenceBackend};

    constance_core::conformance_tests!(mod suite: || FaultyBackend::new(ReferenceBackend::new()));
    constance_core::wrapper_conformance_tests!(|inner: Inner| FaultyBackend::new(inner));
    constance_core::wrapper_conformance_tests!(mod twice: |inner: Inner| Box::new(Arc::new(FaultyBackend::new(inner))));
}
