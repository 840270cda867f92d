//! A fetch under way, and waiting for its end.

use std::sync::Arc;
use std::task::Waker;

use constance_core::{Key, KeyMap, Result, Stored};
use parking_lot::{Condvar, Mutex};

/// What a fetch found under its keys, or why it failed.
pub(super) type Outcome = Result<Arc<KeyMap<Stored>>>;

/// A fetch under way. Threads and tasks wait for its end alike.
pub(super) struct Flight {
    /// What makes entries of one moment known as such.
    pub(super) number: u64,
    pub(super) keys: Vec<Key>,
    progress: Mutex<Progress>,
    ended: Condvar,
}

#[derive(Default)]
struct Progress {
    end: Option<End>,
    tasks: Vec<Waker>,
}

/// How a fetch ended: without an outcome where its thread panicked or its future was dropped.
pub(super) type End = Option<Outcome>;

impl Flight {
    pub(super) fn new(number: u64, keys: Vec<Key>) -> Self {
        Self { number, keys, progress: Mutex::default(), ended: Condvar::new() }
    }

    /// Tells everybody who waits. What comes first counts.
    pub(super) fn end(&self, end: End) {
        let mut progress = self.progress.lock();
        progress.end.get_or_insert(end);
        let tasks = std::mem::take(&mut progress.tasks);
        drop(progress);
        self.ended.notify_all();
        tasks.into_iter().for_each(Waker::wake);
    }

    #[cfg(test)]
    pub(super) fn has_ended(&self) -> bool {
        self.progress.lock().end.is_some()
    }

    /// Waits in this thread.
    pub(super) fn wait(&self) -> End {
        let mut progress = self.progress.lock();
        loop {
            match &progress.end {
                Some(end) => return end.clone(),
                None => self.ended.wait(&mut progress),
            }
        }
    }

    /// Waits in a task.
    #[cfg(feature = "tokio")]
    pub(super) async fn ended(&self) -> End {
        use std::task::Poll;

        std::future::poll_fn(|context| {
            let mut progress = self.progress.lock();
            if let Some(end) = &progress.end {
                return Poll::Ready(end.clone());
            }
            if !progress.tasks.iter().any(|task| task.will_wake(context.waker())) {
                progress.tasks.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}
