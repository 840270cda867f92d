//! The pool.

use std::fmt;
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result, backend::Cause};
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::state::{Entry, State};
use crate::{Lease, Manager, PoolOptions, Process, Purpose};

/// Connections that are kept between calls, and made when they are needed; from [`PoolOptions::open`].
pub struct Pool<M: Manager> {
    manager: M,
    options: PoolOptions,
    state: Mutex<State<M::Connection>>,
    changed: Condvar,
    #[cfg(feature = "metrics")]
    figures: crate::metrics::Figures,
}

/// An attempt to connect, which ends with this value, also in a panic.
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
            figures: crate::metrics::Figures::new::<M>(),
        }
    }

    /// What makes the connections.
    pub fn manager(&self) -> &M {
        &self.manager
    }

    /// A connection for one call.
    ///
    /// Where none is idle it is made here. While no connection is open, one attempt is made for all calls that come meanwhile, and
    /// they share its failure; but a call that came after the attempt began tries once more what somebody has to mend, who may
    /// have done so and then called.
    ///
    /// # Errors
    ///
    /// Why a connection could not be made. `Timeout` where all are in use for longer than the
    /// [acquire timeout](PoolOptions::acquire_timeout).
    pub fn get(&self, purpose: Purpose) -> Result<Lease<'_, M>> {
        self.get_until(purpose, None)
    }

    /// As [`get`](Self::get), no longer than until `end`, connecting and checking included.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn get_until(&self, purpose: Purpose, end: Option<Instant>) -> Result<Lease<'_, M>> {
        // One more than there can be of those that were made before the last restart that was noticed.
        for _ in 0..=self.options.max_size {
            let mut lease = self.acquire(end)?;
            if !lease.is_used() && !self.is_current(&lease) {
                lease.discard();
                continue;
            }
            if purpose == Purpose::Read || !lease.is_rested() {
                return Ok(lease);
            }
            match self.manager.check(&mut lease, self.time_to_connect(end)) {
                Ok(()) => return Ok(lease),
                Err(error) if error.kind() == ErrorKind::Timeout => {
                    lease.discard();
                    return Err(error);
                }
                Err(_) => lease.retire(),
            }
        }
        Err(Error::new(ErrorKind::Unavailable).with_detail("the server closes its connections again and again"))
    }

    /// The greatest number of connections.
    #[must_use]
    pub fn max_size(&self) -> u32 {
        self.options.max_size
    }

    fn acquire(&self, end: Option<Instant>) -> Result<Lease<'_, M>> {
        // Outlives the lock: a recorder is not called under it.
        #[cfg(feature = "metrics")]
        let mut waited = self.figures.begin();
        let mut state = self.lock();
        if let Some(entry) = state.idle.pop() {
            return Ok(Lease::new(self, entry));
        }
        let timeout = Instant::now().checked_add(self.options.acquire_timeout);
        let patience = timeout.into_iter().chain(end).min();
        let (begun, failed) = (state.begun, state.failed);
        let (mut own_failure, mut is_late) = (None, false);
        loop {
            if let Some(entry) = state.idle.pop() {
                return Ok(Lease::new(self, entry));
            }
            // With one open, it may still come free.
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
            if is_late {
                return Err(own_failure.unwrap_or_else(|| self.timed_out(&state)));
            }
            let is_full = state.open + state.connecting >= self.options.max_size as usize;
            let is_mine = state.connecting == 0 || state.current > 0;
            if own_failure.is_none() && !is_full && is_mine {
                let attempt = self.attempt(&mut state);
                drop(state);
                match attempt.run(self.time_to_connect(end), end.is_some()) {
                    Ok(entry) => return Ok(Lease::new(self, entry)),
                    Err(error) => own_failure = Some(error),
                }
                state = self.state.lock();
                continue;
            }
            #[cfg(feature = "metrics")]
            waited.waits();
            match patience {
                // One that came at the last moment is still taken.
                Some(patience) => is_late = self.changed.wait_until(&mut state, patience).timed_out(),
                None => self.changed.wait(&mut state),
            }
        }
    }

    /// The state of this process.
    fn lock(&self) -> MutexGuard<'_, State<M::Connection>> {
        let process = Process::current();
        let mut state = self.state.lock();
        if state.process == process {
            return state;
        }
        state.begin_anew(process);
        drop(state);
        // Threads of the parent may stand in the queue, and would be woken in the place of this process's. One by one and
        // without the lock: else they are put into the queue of the lock, and it is handed to them.
        while self.changed.notify_one() {}
        self.state.lock()
    }

    fn attempt(&self, state: &mut State<M::Connection>) -> Attempt<'_, M> {
        state.begun += 1;
        state.connecting += 1;
        // Looked at before the connection is made: if a restart is noticed in between, it counts as out of date and is made
        // anew. The other way round a dead one would pass for new.
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

    /// Whether it is of the current generation. Those that were idle are.
    fn is_current(&self, lease: &Lease<'_, M>) -> bool {
        lease.generation() == Some(self.state.lock().generation)
    }

    /// Gives up every connection made so far, unless that happened since this generation.
    pub(crate) fn retire(&self, generation: u64) {
        // In a forked child one that was lent before is of no generation.
        let gone = self.lock().retire(generation);
        self.close(gone);
        // Who waits for one of them waits for nothing.
        self.changed.notify_all();
    }

    pub(crate) fn put_back(&self, entry: Entry<M::Connection>) {
        let now = entry.seen;
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

    /// Closes connections, and makes room for others when that is done: the size is the limit.
    pub(crate) fn close(&self, gone: Vec<Entry<M::Connection>>) {
        if gone.is_empty() {
            return;
        }
        let generations: Vec<u64> = gone.iter().map(|entry| entry.generation).collect();
        drop(gone);
        let mut state = self.state.lock();
        generations.into_iter().for_each(|generation| state.closed(generation));
        drop(state);
        self.changed.notify_all();
    }
}

impl<M: Manager> Attempt<'_, M> {
    fn run(mut self, within: Duration, is_bounded: bool) -> Result<Entry<M::Connection>> {
        let made = self.pool.manager.connect(within);
        let (now, generation) = (Instant::now(), self.generation);
        let mut state = self.pool.state.lock();
        let process = state.process;
        match &made {
            Ok(_) => state.opened(generation),
            Err(error) => {
                state.failed += 1;
                // The time of this call says nothing of that of others.
                let is_own = is_bounded && error.kind() == ErrorKind::Timeout;
                state.failure = (!is_own).then(|| (self.number, error.clone()));
            }
        }
        state.connecting -= 1;
        self.ended = true;
        drop(state);
        self.pool.changed.notify_all();
        made.map(|connection| Entry { connection, generation, process, born: now, seen: now, used: false })
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
            // They are the parent's.
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
