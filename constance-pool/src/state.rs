//! What a pool knows about its connections.

use std::time::{Duration, Instant};

use constance_core::Error;

use crate::ProcessId;

/// A connection that was idle for longer is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// A connection that is older is closed: servers, poolers and firewalls drop old connections without notice.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// What a pool holds under its lock. No connection is made, used or closed under this lock.
pub(crate) struct State<C> {
    /// The connection that came back last is the last one.
    pub(crate) idle: Vec<Entry<C>>,
    /// Connections that exist, idle or in use.
    pub(crate) open: usize,
    /// How many of them are of the current generation.
    pub(crate) current: usize,
    /// Grows when a connection turns out to be closed: connections made before are not used again.
    pub(crate) generation: u64,
    /// Attempts to connect that are under way.
    pub(crate) connecting: usize,
    /// How many attempts have begun, and how many have failed.
    pub(crate) begun: u64,
    pub(crate) failed: u64,
    /// The number and the error of the attempt that failed last.
    pub(crate) failure: Option<(u64, Error)>,
    /// The process that the connections belong to.
    pub(crate) process: ProcessId,
}

/// A connection, and what is known about it.
pub(crate) struct Entry<C> {
    pub(crate) connection: C,
    pub(crate) generation: u64,
    pub(crate) process: ProcessId,
    pub(crate) created: Instant,
    /// When it was last made or given back.
    pub(crate) last_seen: Instant,
    /// Whether a call has used it before.
    pub(crate) used: bool,
}

impl<C> State<C> {
    pub(crate) fn new() -> Self {
        Self {
            idle: Vec::new(),
            open: 0,
            current: 0,
            generation: 0,
            connecting: 0,
            begun: 0,
            failed: 0,
            failure: None,
            process: ProcessId::current(),
        }
    }

    /// Starts without connections in a forked child. Inherited connections are leaked, since closing one would end the parent's
    /// session.
    pub(crate) fn reset_for(&mut self, process: ProcessId) {
        let generation = self.generation + 1;
        std::mem::forget(std::mem::replace(self, Self { generation, process, ..Self::new() }));
    }

    /// A connection was made. It counts as open until [`closed`](Self::closed).
    pub(crate) fn opened(&mut self, generation: u64) {
        self.open += 1;
        self.current += usize::from(generation == self.generation);
        self.failure = None;
    }

    /// A connection of this generation was closed.
    pub(crate) fn closed(&mut self, generation: u64) {
        self.open -= 1;
        self.current -= usize::from(generation == self.generation);
    }

    /// Ends a generation, unless that has happened already. Returns the connections to close.
    pub(crate) fn retire(&mut self, generation: u64) -> Vec<Entry<C>> {
        if self.generation != generation {
            return Vec::new();
        }
        self.generation += 1;
        self.current = 0;
        std::mem::take(&mut self.idle)
    }

    /// Removes and returns the connections that were idle for too long.
    pub(crate) fn expired(&mut self, now: Instant) -> Vec<Entry<C>> {
        let count =
            self.idle.iter().take_while(|entry| now.saturating_duration_since(entry.last_seen) > IDLE_TIMEOUT).count();
        self.idle.drain(..count).collect()
    }
}

impl<C> Entry<C> {
    /// Whether it is older than the longest lifetime.
    pub(crate) fn is_too_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.created) > MAX_LIFETIME
    }
}
