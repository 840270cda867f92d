//! A value under a lock, and waiting for it to change.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A value that one thread changes and others wait for: what a feed and its listener share.
///
/// It uses the lock and the condition variable of the standard library, and not those of `parking_lot`. That keeps the threads
/// that wait in one table of the process. A child that is forked while a thread holds a part of the table waits for it for ever,
/// or aborts; and where a new thread of the child gets the memory of one of its parent's, it stands in a queue twice.
///
/// A thread that panics while it holds the lock leaves the value as it is, and the others go on.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use constance_core::backend::Waitable;
///
/// let changes = Waitable::new(0);
/// std::thread::scope(|scope| {
///     scope.spawn(|| changes.update(|count| *count += 1));
///     let deadline = Instant::now().checked_add(Duration::from_secs(60));
///     let (mut count, mut is_late) = (changes.lock(), false);
///     while *count == 0 && !is_late {
///         (count, is_late) = changes.wait_until(count, deadline);
///     }
///     assert_eq!(*count, 1);
/// });
/// ```
#[derive(Default)]
pub struct Waitable<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Waitable<T> {
    /// Holds this value. Nobody waits yet.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    /// The value, for as long as the guard lives.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the value, then wakes everybody who waits.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.lock());
        self.notify_all();
        result
    }

    /// Wakes everybody who waits.
    pub fn notify_all(&self) {
        self.changed.notify_all();
    }

    /// Lets the lock go until somebody wakes those who wait. May also end by itself: look at the value again.
    #[must_use = "the guard holds the lock"]
    pub fn wait<'a>(&self, value: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.changed.wait(value).unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`wait`](Self::wait), and no longer than until then; `None` has no end. Says whether the time was up, too.
    #[must_use = "the guard holds the lock"]
    pub fn wait_until<'a>(
        &self,
        value: MutexGuard<'a, T>,
        deadline: impl Into<Option<Instant>>,
    ) -> (MutexGuard<'a, T>, bool) {
        let Some(deadline) = deadline.into() else { return (self.wait(value), false) };
        let left = deadline.saturating_duration_since(Instant::now());
        let (value, ended) = self.changed.wait_timeout(value, left).unwrap_or_else(PoisonError::into_inner);
        (value, ended.timed_out())
    }
}

/// Does not show the value.
impl<T> fmt::Debug for Waitable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value: _, changed: _ } = self;
        f.debug_struct("Waitable").finish_non_exhaustive()
    }
}
