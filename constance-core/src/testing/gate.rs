//! A gate that holds calls until a test lets them go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::deadline;
use crate::backend::Waitable;

/// Holds the calls of a [`FaultyBackend`](super::FaultyBackend), so that a test decides what happens while one is under
/// way. Dropping it lets them go.
#[derive(Debug)]
#[must_use = "dropping a gate opens it"]
pub struct Gate(Arc<Barrier>);

/// What the held calls see of a gate.
#[derive(Debug, Default)]
pub(super) struct Barrier(Waitable<State>);

#[derive(Debug, Default)]
struct State {
    arrived: usize,
    open: bool,
}

impl Gate {
    pub(super) fn new() -> (Self, Arc<Barrier>) {
        let barrier = Arc::new(Barrier::default());
        (Self(Arc::clone(&barrier)), barrier)
    }

    /// Waits until this many calls have come to the gate since it was closed.
    ///
    /// # Panics
    ///
    /// Where they do not come within 30 seconds.
    #[track_caller]
    pub fn wait_for(&self, calls: usize) {
        let deadline = Instant::now() + deadline::of_event().max(Duration::from_secs(30));
        let mut state = self.0.0.lock();
        while state.arrived < calls {
            let is_late;
            (state, is_late) = self.0.0.wait_until(state, deadline);
            assert!(!is_late, "{calls} calls should have come to the gate, and {} did", state.arrived);
        }
    }

    /// How many calls have come to the gate since it was closed.
    #[must_use]
    pub fn arrived(&self) -> usize {
        self.0.0.lock().arrived
    }

    /// Lets the held calls go, and those to come.
    pub fn open(self) {
        drop(self);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.0.update(|state| state.open = true);
    }
}

impl Barrier {
    pub(super) fn pass(&self) {
        self.0.update(|state| state.arrived += 1);
        let mut state = self.0.lock();
        while !state.open {
            state = self.0.wait(state);
        }
    }
}
