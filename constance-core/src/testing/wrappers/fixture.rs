//! What a case for wrappers works with.

use std::sync::Arc;

use super::Inner;
use crate::testing::fixture::{expect_stored, ok, read_one};
use crate::testing::{FaultyBackend, ReferenceBackend};
use crate::{
    Backend, Error, Prefix, Result,
    backend::{Batch, Change, Encoded, Key, Stored},
};

/// A wrapper under test and the backend inside it, which fails on demand and counts.
pub struct WrapperFixture<'w> {
    wrap: &'w (dyn Fn(Inner) -> Box<dyn Backend> + Sync),
    inner: Inner,
    wrapped: Box<dyn Backend>,
}

impl<'w> WrapperFixture<'w> {
    /// Wraps a new store of its own.
    pub fn new(wrap: &'w (dyn Fn(Inner) -> Box<dyn Backend> + Sync)) -> Self {
        let inner = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
        Self { wrap, wrapped: wrap(Arc::clone(&inner)), inner }
    }

    /// The wrapper.
    #[must_use]
    pub fn backend(&self) -> &dyn Backend {
        &*self.wrapped
    }

    /// The faulty backend inside.
    #[must_use]
    pub fn faulty(&self) -> &FaultyBackend<ReferenceBackend> {
        &self.inner
    }

    /// The same wrapper over another backend.
    #[must_use]
    pub fn wrap(&self, inner: ReferenceBackend) -> Box<dyn Backend> {
        (self.wrap)(Arc::new(FaultyBackend::new(inner)))
    }

    /// A key.
    #[must_use]
    pub fn key(&self, name: &str) -> Key {
        Prefix::new("wrapped:").and_then(|prefix| prefix.key(name)).expect("a case uses valid names")
    }

    /// Puts a value into the store behind the wrapper's back, as another process does.
    pub fn put(&self, key: &Key, value: &[u8]) {
        self.inner.inner().put(key, Stored::Value(Encoded::from(value)));
    }

    /// Reads through the wrapper.
    #[track_caller]
    #[must_use]
    pub fn get(&self, key: &Key) -> Stored {
        read_one(self.backend(), key)
    }

    /// Demands that the wrapper reads this.
    #[track_caller]
    pub fn expect(&self, key: &Key, wanted: Option<&[u8]>, promise: &str) {
        expect_stored(&self.get(key), wanted, promise);
    }

    /// Demands that the store holds this, past the wrapper.
    #[track_caller]
    pub fn expect_inside(&self, key: &Key, wanted: Option<&[u8]>, promise: &str) {
        expect_stored(&self.inner.inner().peek(key), wanted, promise);
    }

    /// Sets through the wrapper, which must work.
    #[track_caller]
    pub fn set(&self, key: &Key, value: &[u8]) {
        let applied = ok(self.try_set(key, value), "a write through a wrapper over a store that answers");
        assert!(
            matches!(applied, crate::backend::Applied::Done(_)),
            "a change without an expectation cannot be a conflict"
        );
    }

    /// Sets through the wrapper.
    ///
    /// # Errors
    ///
    /// What the wrapper gives.
    pub fn try_set(&self, key: &Key, value: &[u8]) -> Result<crate::backend::Applied> {
        self.backend().write(&Batch::one(Change::set(key.clone(), Encoded::from(value))))
    }
}

impl std::fmt::Debug for WrapperFixture<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WrapperFixture").field("wrapped", &self.wrapped).finish_non_exhaustive()
    }
}

/// The error of a call that must not succeed.
#[track_caller]
pub(super) fn refused<T>(result: Result<T>, what: &str) -> Error {
    match result {
        Ok(_) => panic!("broken: an outage is an error, never a value and never silence; {what} succeeded"),
        Err(error) => error,
    }
}
