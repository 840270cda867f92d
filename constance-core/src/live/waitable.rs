//! A value under a lock, and waiting for it to change.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The lock and the condition variable of the standard library, and not those of `parking_lot`: that keeps the threads which
/// wait in a table of the process. A forked child has the table with threads of its parent in it, and where a new thread of
/// the child gets the memory of one of these, it stands in a queue twice, and whoever wakes the queue never comes to its end.
pub(super) struct Waitable<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Waitable<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes everybody who waits.
    pub(super) fn notify_all(&self) {
        self.changed.notify_all();
    }

    pub(super) fn wait<'a>(&self, value: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.changed.wait(value).unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the time was up, too.
    pub(super) fn wait_until<'a>(&self, value: MutexGuard<'a, T>, deadline: Instant) -> (MutexGuard<'a, T>, bool) {
        let left = deadline.saturating_duration_since(Instant::now());
        let (value, ended) = self.changed.wait_timeout(value, left).unwrap_or_else(PoisonError::into_inner);
        (value, ended.timed_out())
    }
}
