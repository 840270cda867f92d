//! The overrides that a handle is subject to.

mod scope;

use std::fmt;
use std::sync::Arc;

pub(crate) use self::scope::{Nudge, Scope};
use crate::field::AnyValue;

/// Keeps a setting overridden until it is dropped. Guards may be dropped in any order; the newest counts.
#[must_use = "dropping it ends the override"]
pub struct OverrideGuard {
    scope: Arc<Scope>,
    id: u64,
}

impl OverrideGuard {
    pub(crate) fn new(scope: &Arc<Scope>, index: usize, value: AnyValue) -> Self {
        Self { scope: Arc::clone(scope), id: scope.push(index, value) }
    }
}

impl Drop for OverrideGuard {
    fn drop(&mut self) {
        self.scope.remove(self.id);
    }
}

impl fmt::Debug for OverrideGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverrideGuard").finish_non_exhaustive()
    }
}
