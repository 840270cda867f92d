//! Where the account of writes and loads puts what it learns.

use std::sync::Arc;
use std::time::Duration;

use crate::Error;

/// A running `live()`, as far as the [`Ledger`](super::Ledger) knows one.
pub(crate) trait Publisher<S>: Send + Sync {
    /// The values that it gives out now.
    fn values(&self) -> Arc<S>;
    /// Gives these out instead.
    fn publish(&self, values: Arc<S>);
    /// So many values have changed.
    #[cfg(feature = "metrics")]
    fn note_changes(&self, count: usize);
    /// The time by its clock.
    fn now(&self) -> Duration;
    /// What it gives out may be wrong: the store is read again now.
    fn read_again(&self);
    /// The store has answered a call of the process.
    fn note_answer(&self);
    /// Shows an error in the status.
    fn note_error(&self, error: Error);
}
