//! A connection of the pool while a call uses it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use crate::state::Entry;
use crate::{Manager, Pool};

/// A connection that was idle for longer is checked before a write.
const CHECK_AFTER: Duration = Duration::from_secs(1);

/// A connection of a [`Pool`]. Dropping it gives the connection back.
pub struct PooledConnection<'p, M: Manager> {
    pool: &'p Pool<M>,
    /// `None` only while this is dropped.
    entry: Option<Entry<M::Connection>>,
    broken: bool,
    /// Whether it has been used by an earlier call.
    used: bool,
}

impl<'p, M: Manager> PooledConnection<'p, M> {
    pub(crate) fn new(pool: &'p Pool<M>, mut entry: Entry<M::Connection>) -> Self {
        let used = std::mem::replace(&mut entry.used, true);
        Self { pool, entry: Some(entry), broken: false, used }
    }

    /// Whether an earlier call has used the connection. Then the server may have closed it since, and a read that finds it closed
    /// may run again on another connection.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.used
    }

    /// Closes the connection instead of giving it back. Call it after any failure that is not a complete answer of the server:
    /// the connection is then in an unknown state.
    pub fn discard(&mut self) {
        self.broken = true;
    }

    /// Closes this connection and every other one that was made before this call. Call it where the server has closed the
    /// connection, as at a restart, or where the address leads to another server now.
    pub fn discard_all(&mut self) {
        self.broken = true;
        if let Some(entry) = &self.entry {
            self.pool.retire(entry.generation);
        }
    }

    /// Whether it was idle for so long that it may have been closed unnoticed.
    pub(crate) fn needs_check(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.last_seen.elapsed() > CHECK_AFTER)
    }

    pub(crate) fn generation(&self) -> Option<u64> {
        self.entry.as_ref().map(|entry| entry.generation)
    }
}

impl<M: Manager> Deref for PooledConnection<'_, M> {
    type Target = M::Connection;

    fn deref(&self) -> &M::Connection {
        match &self.entry {
            Some(entry) => &entry.connection,
            None => unreachable!("only a connection that is being dropped has none"),
        }
    }
}

impl<M: Manager> DerefMut for PooledConnection<'_, M> {
    fn deref_mut(&mut self) -> &mut M::Connection {
        match &mut self.entry {
            Some(entry) => &mut entry.connection,
            None => unreachable!("only a connection that is being dropped has none"),
        }
    }
}

impl<M: Manager> Drop for PooledConnection<'_, M> {
    fn drop(&mut self) {
        let Some(mut entry) = self.entry.take() else { return };
        if !entry.process.is_current() {
            // It was in use when the process forked, and belongs to the parent.
            std::mem::forget(entry);
            return;
        }
        let now = Instant::now();
        let broken = self.broken || std::thread::panicking() || entry.is_too_old(now);
        if broken || self.pool.manager().is_broken(&mut entry.connection) {
            self.pool.close(vec![entry]);
        } else {
            entry.last_seen = now;
            self.pool.put_back(entry);
        }
    }
}

impl<M: Manager> fmt::Debug for PooledConnection<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledConnection")
            .field("used", &self.used)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}
