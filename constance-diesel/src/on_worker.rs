//! A value that is used in a thread of its own.

use std::time::Duration;

use constance_core::{Error, ErrorKind, Result};
use constance_pool::Worker;

/// A connection, or a value that holds one, and its thread once there is one.
pub(crate) struct OnWorker<T> {
    /// `None` where a call took longer than it may: it stays in the thread that the call runs in.
    value: Option<T>,
    worker: Option<Worker>,
}

impl<T: Send + 'static> OnWorker<T> {
    pub(crate) fn new(value: T, worker: Option<Worker>) -> Self {
        Self { value: Some(value), worker }
    }

    /// For a call in this thread. An error where a call on it was given up.
    pub(crate) fn get(&mut self) -> Result<&mut T> {
        self.value.as_mut().ok_or_else(given_up)
    }

    /// Does `work` in the thread, and waits no longer than this. Where that takes longer, it is given up together with the
    /// connection.
    pub(crate) fn run_within<R: Send + 'static>(
        &mut self,
        within: Duration,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R> {
        let mut value = self.value.take().ok_or_else(given_up)?;
        let worker = self.worker.take().map_or_else(Worker::start, Ok)?;
        let (worker, (value, done)) = worker.run(within, move || {
            let done = work(&mut value);
            (value, done)
        })?;
        *self = Self::new(value, Some(worker));
        Ok(done)
    }
}

fn given_up() -> Error {
    Error::new(ErrorKind::Timeout).with_detail("a call on this connection took too long")
}
