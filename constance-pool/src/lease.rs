//! A connection that was lent for one call.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use crate::state::Entry;
use crate::{Manager, Pool};

/// After how long in the pool a connection is asked for a sign of life before a write.
const RESTED: Duration = Duration::from_secs(1);

/// A connection of a [`Pool`], which goes back when this is dropped.
pub struct Lease<'p, M: Manager> {
    pool: &'p Pool<M>,
    /// `None` when it is being dropped.
    entry: Option<Entry<M::Connection>>,
    broken: bool,
    /// Whether it has served a call before.
    used: bool,
}

impl<'p, M: Manager> Lease<'p, M> {
    pub(crate) fn new(pool: &'p Pool<M>, mut entry: Entry<M::Connection>) -> Self {
        let used = std::mem::replace(&mut entry.used, true);
        Self { pool, entry: Some(entry), broken: false, used }
    }

    /// Whether it has served a call before this one. If so, it may have been closed since, and a read that finds it closed may
    /// be tried again on another.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.used
    }

    /// After any failure that was not a clean answer of the server: closes the connection, which another call would find in an
    /// unknown state.
    pub fn discard(&mut self) {
        self.broken = true;
    }

    /// Where the other side had closed the connection, or is no longer who it was: closes it, and every connection that was made
    /// before this call.
    pub fn retire(&mut self) {
        self.broken = true;
        if let Some(entry) = &self.entry {
            self.pool.retire(entry.generation);
        }
    }

    /// Whether it has lain idle for so long that it may have died unnoticed.
    pub(crate) fn is_rested(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.seen.elapsed() > RESTED)
    }

    pub(crate) fn generation(&self) -> Option<u64> {
        self.entry.as_ref().map(|entry| entry.generation)
    }
}

impl<M: Manager> Deref for Lease<'_, M> {
    type Target = M::Connection;

    fn deref(&self) -> &M::Connection {
        match &self.entry {
            Some(entry) => &entry.connection,
            None => unreachable!("only a lease that is being dropped has none"),
        }
    }
}

impl<M: Manager> DerefMut for Lease<'_, M> {
    fn deref_mut(&mut self) -> &mut M::Connection {
        match &mut self.entry {
            Some(entry) => &mut entry.connection,
            None => unreachable!("only a lease that is being dropped has none"),
        }
    }
}

impl<M: Manager> Drop for Lease<'_, M> {
    fn drop(&mut self) {
        let Some(mut entry) = self.entry.take() else { return };
        if !entry.process.is_current() {
            // It was lent when the process forked, and is the parent's.
            std::mem::forget(entry);
            return;
        }
        let now = Instant::now();
        let broken = self.broken || std::thread::panicking() || entry.is_old(now);
        if broken || self.pool.manager().is_broken(&mut entry.connection) {
            self.pool.close(vec![entry]);
        } else {
            entry.seen = now;
            self.pool.put_back(entry);
        }
    }
}

impl<M: Manager> fmt::Debug for Lease<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("used", &self.used).field("broken", &self.broken).finish_non_exhaustive()
    }
}
