//! The pool.

use std::fmt;
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result, backend::Cause};
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::state::{Entry, State};
use crate::{Manager, PoolOptions, PooledConnection, ProcessId, Purpose};

/// Keeps connections between calls, and makes them when they are needed. From [`PoolOptions::open`].
pub struct Pool<M: Manager> {
    manager: M,
    options: PoolOptions,
    state: Mutex<State<M::Connection>>,
    changed: Condvar,
    #[cfg(feature = "metrics")]
    metrics: crate::metrics::PoolMetrics,
}

/// An attempt to connect. Dropping it ends the attempt, also after a panic.
struct Attempt<'p, M: Manager> {
    pool: &'p Pool<M>,
    number: u64,
    generation: u64,
    ended: bool,
}

impl<M: Manager> Pool<M> {
    pub(crate) fn new(manager: M, options: PoolOptions) -> Self {
        Self {
            manager,
            options,
            state: Mutex::new(State::new()),
            changed: Condvar::new(),
            #[cfg(feature = "metrics")]
            metrics: crate::metrics::PoolMetrics::new::<M>(),
        }
    }

    /// The manager that makes the connections.
    pub fn manager(&self) -> &M {
        &self.manager
    }

    /// A connection for one call.
    ///
    /// Where none is idle, this thread makes one. While no connection is open, calls share one attempt to connect, and fail with
    /// its error. A call that came after the attempt began tries once itself where the error is not transient: the cause may be
    /// fixed by now.
    ///
    /// # Errors
    ///
    /// The error of [`Manager::connect`]. `Timeout` where all connections are in use for longer than the
    /// [acquire timeout](PoolOptions::acquire_timeout).
    pub fn get(&self, purpose: Purpose) -> Result<PooledConnection<'_, M>> {
        self.get_until(purpose, None)
    }

    /// As [`get`](Self::get), but it returns by `end`, connecting and checking included.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn get_until(&self, purpose: Purpose, end: Option<Instant>) -> Result<PooledConnection<'_, M>> {
        // One more than the pool can hold of connections that were made before the last restart.
        for _ in 0..=self.options.max_size {
            let mut connection = self.acquire(end)?;
            if !connection.is_used() && !self.is_current(&connection) {
                connection.discard();
                continue;
            }
            if purpose == Purpose::Read || !connection.needs_check() {
                return Ok(connection);
            }
            match self.manager.check(&mut connection, self.time_to_connect(end)) {
                Ok(()) => return Ok(connection),
                Err(error) if error.kind() == ErrorKind::Timeout => {
                    connection.discard();
                    return Err(error);
                }
                Err(_) => connection.discard_all(),
            }
        }
        Err(Error::new(ErrorKind::Unavailable).with_detail("the server closes its connections again and again"))
    }

    /// The largest number of connections.
    #[must_use]
    pub fn max_size(&self) -> u32 {
        self.options.max_size
    }

    fn acquire(&self, end: Option<Instant>) -> Result<PooledConnection<'_, M>> {
        // Declared before the lock, so that it is dropped after it: a recorder must not be called under the lock.
        #[cfg(feature = "metrics")]
        let mut wait_timer = self.metrics.wait_timer();
        let mut state = self.lock();
        if let Some(entry) = state.idle.pop() {
            return Ok(PooledConnection::new(self, entry));
        }
        let timeout = Instant::now().checked_add(self.options.acquire_timeout);
        let deadline = timeout.into_iter().chain(end).min();
        let (begun, failed) = (state.begun, state.failed);
        let (mut own_failure, mut timed_out) = (None, false);
        loop {
            if let Some(entry) = state.idle.pop() {
                return Ok(PooledConnection::new(self, entry));
            }
            // Where a connection is open, it may still come free.
            if state.current == 0 {
                let shared = state
                    .failure
                    .as_ref()
                    .filter(|(number, failure)| state.failed != failed && (*number > begun || failure.is_transient()));
                if let Some(failure) = own_failure.or_else(|| shared.map(|(_, failure)| failure.clone())) {
                    return Err(failure);
                }
                own_failure = None;
            }
            if timed_out {
                return Err(own_failure.unwrap_or_else(|| self.timed_out(&state)));
            }
            let is_full = state.open + state.connecting >= self.options.max_size as usize;
            let is_mine = state.connecting == 0 || state.current > 0;
            if own_failure.is_none() && !is_full && is_mine {
                let attempt = self.begin_attempt(&mut state);
                drop(state);
                match attempt.run(self.time_to_connect(end), end.is_some()) {
                    Ok(entry) => return Ok(PooledConnection::new(self, entry)),
                    Err(error) => own_failure = Some(error),
                }
                state = self.state.lock();
                continue;
            }
            #[cfg(feature = "metrics")]
            wait_timer.start();
            match deadline {
                // A connection that comes at the last moment is still used.
                Some(deadline) => timed_out = self.changed.wait_until(&mut state, deadline).timed_out(),
                None => self.changed.wait(&mut state),
            }
        }
    }

    /// Locks the state, which is emptied in a forked child.
    fn lock(&self) -> MutexGuard<'_, State<M::Connection>> {
        let process = ProcessId::current();
        let mut state = self.state.lock();
        if state.process == process {
            return state;
        }
        state.reset_for(process);
        drop(state);
        // The queue may still hold threads of the parent, which would be woken instead of threads of this process. One by one and
        // without the lock: otherwise they move to the queue of the lock, and it is handed to them.
        while self.changed.notify_one() {}
        self.state.lock()
    }

    fn begin_attempt(&self, state: &mut State<M::Connection>) -> Attempt<'_, M> {
        state.begun += 1;
        state.connecting += 1;
        // Read before the connection is made: where a restart is noticed meanwhile, the connection counts as outdated and is made
        // again. Read afterwards, a closed connection would count as new.
        Attempt { pool: self, number: state.begun, generation: state.generation, ended: false }
    }

    fn time_to_connect(&self, end: Option<Instant>) -> Duration {
        let timeout = self.options.connect_timeout;
        end.map_or(timeout, |end| timeout.min(end.saturating_duration_since(Instant::now())))
    }

    fn timed_out(&self, state: &State<M::Connection>) -> Error {
        let text = format!("{} of {} connections are open", state.open, self.options.max_size);
        let detail = match state.current {
            0 => "no connection could be made in time",
            _ => "no connection of the pool came free in time",
        };
        Error::new(ErrorKind::Timeout)
            .with_detail(detail)
            .with_cause(Cause::new("pool").with_code("timeout").with_text(text))
    }

    /// Whether it is of the current generation. Idle connections always are.
    fn is_current(&self, connection: &PooledConnection<'_, M>) -> bool {
        connection.generation() == Some(self.state.lock().generation)
    }

    /// Closes every connection made so far, unless that has happened since this generation.
    pub(crate) fn retire(&self, generation: u64) {
        // In a forked child, a connection that was in use at the fork is of no generation.
        let closing = self.lock().retire(generation);
        self.close(closing);
        // Calls that wait for one of these connections would wait in vain.
        self.changed.notify_all();
    }

    pub(crate) fn put_back(&self, entry: Entry<M::Connection>) {
        let now = entry.last_seen;
        let mut state = self.state.lock();
        if entry.generation != state.generation {
            drop(state);
            return self.close(vec![entry]);
        }
        state.idle.push(entry);
        let expired = state.expired(now);
        drop(state);
        self.changed.notify_one();
        self.close(expired);
    }

    /// Closes connections, and only then makes room for others, so that there are never more than the largest number.
    pub(crate) fn close(&self, closing: Vec<Entry<M::Connection>>) {
        if closing.is_empty() {
            return;
        }
        let generations: Vec<u64> = closing.iter().map(|entry| entry.generation).collect();
        drop(closing);
        let mut state = self.state.lock();
        generations.into_iter().for_each(|generation| state.closed(generation));
        drop(state);
        self.changed.notify_all();
    }
}

impl<M: Manager> Attempt<'_, M> {
    fn run(mut self, timeout: Duration, is_bounded: bool) -> Result<Entry<M::Connection>> {
        let made = self.pool.manager.connect(timeout);
        let (now, generation) = (Instant::now(), self.generation);
        let mut state = self.pool.state.lock();
        let process = state.process;
        match &made {
            Ok(_) => state.opened(generation),
            Err(error) => {
                state.failed += 1;
                // This call had less time than others may have.
                let is_own = is_bounded && error.kind() == ErrorKind::Timeout;
                state.failure = (!is_own).then(|| (self.number, error.clone()));
            }
        }
        state.connecting -= 1;
        self.ended = true;
        drop(state);
        self.pool.changed.notify_all();
        made.map(|connection| Entry { connection, generation, process, created: now, last_seen: now, used: false })
    }
}

impl<M: Manager> Drop for Attempt<'_, M> {
    fn drop(&mut self) {
        if !self.ended {
            self.pool.state.lock().connecting -= 1;
            self.pool.changed.notify_all();
        }
    }
}

impl<M: Manager> Drop for Pool<M> {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        if !state.process.is_current() {
            // They belong to the parent.
            std::mem::forget(std::mem::take(&mut state.idle));
        }
    }
}

impl<M: Manager> fmt::Debug for Pool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, state, .. } = self;
        let (open, idle) = {
            let state = state.lock();
            (state.open, state.idle.len())
        };
        f.debug_struct("Pool").field("open", &open).field("idle", &idle).field("options", options).finish()
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;
