//! A fetch that is in flight, and waiting for its end.

use std::sync::Arc;

use constance_core::{
    Result,
    backend::{Key, KeyMap, Stored},
};
use parking_lot::{Condvar, Mutex};

/// What a fetch found under its keys, or why it failed.
pub(super) type Outcome = Result<Arc<Fetched>>;

/// What a fetch found.
pub(super) struct Fetched {
    pub(super) found: KeyMap<Stored>,
    /// The keys that were changed meanwhile: other readers may have been given what is newer, or older.
    pub(super) changed: KeyMap<()>,
    /// When the fetch began.
    pub(super) began: u64,
    /// How much older than the fetch it is, in nanoseconds: the backend below may be a cache, too.
    pub(super) older: u64,
}

/// The answer to a read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) stored: Vec<Stored>,
    /// How long before the read the store was asked for the oldest of it, in nanoseconds.
    pub(super) age: u64,
}

/// A read of the backend below that is in flight. Threads and tasks wait for its end alike.
pub(super) struct Fetch {
    /// Entries with the same number are of one moment.
    pub(super) number: u64,
    pub(super) keys: Vec<Key>,
    /// When the backend was asked, or shortly before.
    pub(super) began: u64,
    pub(super) progress: Mutex<Progress>,
    ended: Condvar,
}

#[derive(Default)]
pub(super) struct Progress {
    pub(super) end: Option<End>,
    #[cfg(feature = "tokio")]
    pub(super) tasks: super::shared_future::Tasks,
}

/// How a fetch ended: without an outcome where its thread panicked or its future was dropped.
pub(super) type End = Option<Outcome>;

impl Fetch {
    pub(super) fn new(number: u64, keys: Vec<Key>, began: u64) -> Self {
        Self { number, keys, began, progress: Mutex::default(), ended: Condvar::new() }
    }

    /// Wakes all that wait. The first end counts.
    pub(super) fn end(&self, end: End) {
        let mut progress = self.progress.lock();
        progress.end.get_or_insert(end);
        #[cfg(feature = "tokio")]
        let wakers = progress.tasks.take_wakers();
        drop(progress);
        self.ended.notify_all();
        #[cfg(feature = "tokio")]
        wakers.into_iter().for_each(std::task::Waker::wake);
    }

    #[cfg(test)]
    pub(super) fn has_ended(&self) -> bool {
        self.progress.lock().end.is_some()
    }

    /// Blocks this thread until the end.
    pub(super) fn wait(&self) -> End {
        let mut progress = self.progress.lock();
        loop {
            match &progress.end {
                Some(end) => return end.clone(),
                None => self.ended.wait(&mut progress),
            }
        }
    }
}
