//! A gate that holds calls until a test lets them go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::deadline;

/// Holds the calls of a [`FaultyBackend`](super::FaultyBackend), so that a test decides what happens while one is under
/// way. Dropping it lets them go.
#[derive(Debug)]
#[must_use = "dropping a gate opens it"]
pub struct Gate(Arc<Barrier>);

/// What the held calls see of a gate.
#[derive(Debug, Default)]
pub(super) struct Barrier {
    state: Mutex<State>,
    changed: Condvar,
}

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
        let mut state = self.0.state.lock();
        while state.arrived < calls {
            let late = self.0.changed.wait_until(&mut state, deadline).timed_out();
            assert!(!late, "{calls} calls should have come to the gate, and {} did", state.arrived);
        }
    }

    /// How many calls have come to the gate since it was closed.
    #[must_use]
    pub fn arrived(&self) -> usize {
        self.0.state.lock().arrived
    }

    /// Lets the held calls go, and those to come.
    pub fn open(self) {
        drop(self);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.state.lock().open = true;
        self.0.changed.notify_all();
    }
}

impl Barrier {
    pub(super) fn pass(&self) {
        let mut state = self.state.lock();
        state.arrived += 1;
        self.changed.notify_all();
        while !state.open {
            self.changed.wait(&mut state);
        }
    }
}
