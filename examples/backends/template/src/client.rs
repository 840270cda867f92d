//! Stands in for the driver of a store, which takes its place.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A client of a store in the memory of this process. Clones are clients of one store.
#[derive(Debug, Clone, Default)]
pub struct Client(Arc<Store>);

#[derive(Debug, Default)]
struct Store {
    state: Mutex<State>,
    changed: Condvar,
}

/// What is stored, and how often it was changed.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) map: BTreeMap<String, Vec<u8>>,
    revision: u64,
    is_down: bool,
}

/// What goes wrong between a client and its store.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientError {
    /// The store does not answer.
    Down,
}

impl Client {
    /// A client of a new store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has the store answer no longer.
    pub fn shut_down(&self) {
        self.state().is_down = true;
        self.0.changed.notify_all();
    }

    /// Looks at everything that is stored at one moment.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&BTreeMap<String, Vec<u8>>) -> T) -> Result<T, ClientError> {
        let state = self.state();
        if state.is_down { Err(ClientError::Down) } else { Ok(look(&state.map)) }
    }

    /// Changes what is stored in one step. The closure says whether it changed anything.
    pub(crate) fn transaction<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> (T, bool),
    ) -> Result<T, ClientError> {
        let mut state = self.state();
        if state.is_down {
            return Err(ClientError::Down);
        }
        let (result, has_changed) = change(&mut state.map);
        if has_changed {
            state.revision += 1;
            self.0.changed.notify_all();
        }
        Ok(result)
    }

    /// How often the store was changed.
    pub(crate) fn revision(&self) -> Result<u64, ClientError> {
        let state = self.state();
        if state.is_down { Err(ClientError::Down) } else { Ok(state.revision) }
    }

    /// Waits until the store was changed after this revision, at most until `end`, or until `is_over` says so: the revision now.
    pub(crate) fn wait(
        &self,
        after: u64,
        end: Option<Instant>,
        mut is_over: impl FnMut() -> bool,
    ) -> Result<u64, ClientError> {
        let mut state = self.state();
        loop {
            if state.is_down {
                return Err(ClientError::Down);
            }
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if is_over() || state.revision != after || left.is_zero() {
                return Ok(state.revision);
            }
            // A day is for ever, and a wait that the clock can hold.
            let waited = self.0.changed.wait_timeout(state, left.min(Duration::from_secs(86_400)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has every wait look again.
    pub(crate) fn wake(&self) {
        // Under the lock, so that no wait is between its look and its sleep.
        let _state = self.state();
        self.0.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
