//! The connections of a pool that are idle, in use and on their way.

use std::time::{Duration, Instant};

use constance_core::Error;

use crate::Process;

/// After how long in the pool a connection that nobody used is closed.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// How long a connection serves: servers, poolers and firewalls end old ones without a word.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// What a pool holds under its lock. No connection is made, asked or closed under it.
pub(crate) struct State<C> {
    /// The one that came back last is last.
    pub(crate) idle: Vec<Entry<C>>,
    /// Connections that exist, idle or in use.
    pub(crate) open: usize,
    /// Those of them that are of the current generation.
    pub(crate) current: usize,
    /// Grows when a connection turns out to be closed: those made before are not used again.
    pub(crate) generation: u64,
    /// Attempts to connect that are under way.
    pub(crate) connecting: usize,
    /// How many attempts have begun, and how many have failed.
    pub(crate) begun: u64,
    pub(crate) failed: u64,
    /// Which attempt failed last, and why.
    pub(crate) failure: Option<(u64, Error)>,
    /// Whose connections these are.
    pub(crate) process: Process,
}

/// A connection, and what is known of it.
pub(crate) struct Entry<C> {
    pub(crate) connection: C,
    pub(crate) generation: u64,
    pub(crate) process: Process,
    pub(crate) born: Instant,
    /// When it was last known to be there.
    pub(crate) seen: Instant,
    /// Whether it has served a call before this one.
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
            process: Process::current(),
        }
    }

    /// In a forked child: begins with nothing. What was inherited is leaked, since closing a connection would end the parent's
    /// session.
    pub(crate) fn begin_anew(&mut self, process: Process) {
        let generation = self.generation + 1;
        std::mem::forget(std::mem::replace(self, Self { generation, process, ..Self::new() }));
    }

    /// A connection was made; it counts until [`closed`](Self::closed).
    pub(crate) fn opened(&mut self, generation: u64) {
        self.open += 1;
        self.current += usize::from(generation == self.generation);
        self.failure = None;
    }

    /// A connection of this generation is closed.
    pub(crate) fn closed(&mut self, generation: u64) {
        self.open -= 1;
        self.current -= usize::from(generation == self.generation);
    }

    /// Ends a generation, unless somebody has done that already. Gives what is to be closed.
    pub(crate) fn retire(&mut self, generation: u64) -> Vec<Entry<C>> {
        if self.generation != generation {
            return Vec::new();
        }
        self.generation += 1;
        self.current = 0;
        std::mem::take(&mut self.idle)
    }

    /// Takes those out that nobody has used for long.
    pub(crate) fn expired(&mut self, now: Instant) -> Vec<Entry<C>> {
        let count = self.idle.iter().take_while(|entry| now.saturating_duration_since(entry.seen) > IDLE).count();
        self.idle.drain(..count).collect()
    }
}

impl<C> Entry<C> {
    /// Whether it is so old that it is better made anew.
    pub(crate) fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.born) > LIFETIME
    }
}
