//! Calling the handlers.

use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use super::Ledger;

/// A handler that is being called.
pub(super) struct Running {
    setting: &'static str,
    at: &'static Location<'static>,
    since: Instant,
}

/// A handler that has not returned yet, in [`LiveStatus::handler`](crate::LiveStatus::handler).
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct RunningHandler {
    /// The setting whose change it was told of.
    pub setting: &'static str,
    /// Where in the source of the application it was subscribed.
    pub subscribed_at: &'static Location<'static>,
    /// For how long it has been running.
    pub running_for: Duration,
    /// How many changes wait until it returns.
    pub waiting: usize,
}

impl<S: Clone + Send + Sync + 'static> Ledger<S> {
    /// Calls the handlers for what is queued, unless another call of this is under way and takes it along: a handler that
    /// writes comes back here, and two threads must not tell two changes at once.
    pub(super) fn deliver(&self) {
        if self.take_turn()
            && let Some(panic) = self.tell()
        {
            resume_unwind(panic);
        }
    }

    /// Whether there is something to tell and nobody who does: then the caller has to [`tell`](Self::tell).
    #[must_use]
    pub(crate) fn take_turn(&self) -> bool {
        let mut state = self.state.lock();
        let is_ours = !state.delivering && !state.queue.is_empty();
        state.delivering |= is_ours;
        is_ours
    }

    /// Calls the handlers until nothing is queued, in the caller's turn. Gives the first panic.
    pub(crate) fn tell(&self) -> Option<Box<dyn Any + Send>> {
        let mut first_panic = None;
        loop {
            let event = {
                let mut state = self.state.lock();
                let event = state.queue.pop_front();
                state.delivering = event.is_some();
                event
            };
            let Some(event) = event else { return first_panic };
            for subscriber in self.handlers.all() {
                let running = Running { setting: event.name(), at: subscriber.at, since: Instant::now() };
                self.state.lock().running = Some(running);
                let called = catch_unwind(AssertUnwindSafe(|| (subscriber.handler)(&event)));
                self.state.lock().running = None;
                first_panic = first_panic.or(called.err());
            }
        }
    }

    /// The handler that is being called now.
    pub(crate) fn running_handler(&self) -> Option<RunningHandler> {
        let state = self.state.lock();
        let Running { setting, at, since } = state.running.as_ref()?;
        let (running_for, waiting) = (since.elapsed(), state.queue.len());
        Some(RunningHandler { setting, subscribed_at: at, running_for, waiting })
    }
}
