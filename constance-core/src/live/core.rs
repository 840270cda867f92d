//! What the handles of a `live()` and its thread share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::{ArcSwap, Guard};

use super::{LiveMode, LiveStatus};
use crate::backend::Waitable;
use crate::events::{Origin, Publisher};
use crate::field::AnyValue;
use crate::overrides::{Nudge, Scope};
use crate::{Action, Clock, Error, ErrorKind, Result, RunningHandler};

/// The values, and how current they are.
pub(crate) struct Core<S> {
    current: ArcSwap<S>,
    state: Waitable<State>,
    #[cfg(feature = "tokio")]
    notify: tokio::sync::Notify,
    clock: Arc<dyn Clock>,
    /// Puts overrides over the values: only the schema can.
    overlay: Box<Overlay<S>>,
    /// What the account of writes and loads says for the status.
    account: Box<Account>,
    /// Starts a thread that follows; whether there is one. For a forked child, which has none.
    follow: Box<Follow<S>>,
}

pub(crate) type Follow<S> = dyn Fn(Arc<Core<S>>) -> bool + Send + Sync;

/// The values under these overrides, and which rules across settings those broke: without effect there.
pub(crate) type Overlay<S> = dyn Fn(&Arc<S>, &[(usize, AnyValue)]) -> (Arc<S>, Option<Error>) + Send + Sync;

/// The age of the oldest value, the settings that are on their defaults, and the handler that is being called.
pub(crate) type Account =
    dyn Fn(Duration) -> (Option<Duration>, Vec<&'static str>, Option<RunningHandler>) + Send + Sync;

struct State {
    /// The process that the thread is in.
    process: u32,
    version: u64,
    /// How many values have changed.
    #[cfg(feature = "metrics")]
    changes: u64,
    /// Counts whatever a waiting reader has to look at again.
    ticks: u64,
    /// Where the last load's values come from.
    loaded: Option<Origin>,
    /// That was the file of the last good values.
    from_last_good: bool,
    last_error: Option<Error>,
    last_good_error: Option<Error>,
    mode: LiveMode,
    /// Since when.
    mode_since: Duration,
    /// How the first load ended.
    started: Option<Result<()>>,
    stopping: bool,
    /// The values may be wrong: read again now.
    nudged: bool,
    /// The store has answered a call of the process: one that was taken to be down is there again.
    answered: bool,
    interrupt: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// Why a rest during an outage ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rested {
    Due,
    Answered,
    Stopping,
}

/// Stops the following when the last handle is gone.
pub(crate) struct Keeper<S>(Arc<Core<S>>);

impl<S> Core<S> {
    pub(crate) fn new(
        values: Arc<S>,
        clock: Arc<dyn Clock>,
        overlay: Box<Overlay<S>>,
        account: Box<Account>,
        follow: Box<Follow<S>>,
    ) -> Self {
        let state = State {
            process: std::process::id(),
            version: 0,
            #[cfg(feature = "metrics")]
            changes: 0,
            ticks: 0,
            loaded: None,
            from_last_good: false,
            last_error: None,
            last_good_error: None,
            mode: LiveMode::Starting,
            mode_since: clock.now(),
            started: None,
            stopping: false,
            nudged: false,
            answered: false,
            interrupt: None,
        };
        Self {
            current: ArcSwap::new(values),
            state: Waitable::new(state),
            #[cfg(feature = "tokio")]
            notify: tokio::sync::Notify::new(),
            clock,
            overlay,
            account,
            follow,
        }
    }

    #[inline]
    pub(crate) fn load(&self) -> Guard<Arc<S>> {
        self.current.load()
    }

    pub(crate) fn values(&self) -> Arc<S> {
        self.current.load_full()
    }

    /// Tells those who wait for other values, threads and tasks.
    fn tell_all(&self) {
        self.state.notify_all();
        #[cfg(feature = "tokio")]
        self.notify.notify_waiters();
    }

    /// Is ready when the values may be others than at this call.
    #[cfg(feature = "tokio")]
    pub(crate) fn told(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }

    pub(crate) fn version(&self) -> u64 {
        self.state.lock().version
    }

    /// The version, and how many values have changed.
    #[cfg(feature = "metrics")]
    pub(crate) fn changes(&self) -> (u64, u64) {
        let state = self.state.lock();
        (state.version, state.changes)
    }

    /// When the oldest of the values was read, where that is known.
    #[cfg(feature = "metrics")]
    pub(crate) fn read_date(&self) -> Option<SystemTime> {
        self.clock.wall_time().checked_sub(self.status().age?)
    }

    /// The values with the overrides of a scope, if it has any, and which rules those broke.
    #[cold]
    pub(crate) fn overridden(&self, scope: &Scope) -> Option<(Arc<S>, Option<Error>)> {
        let overrides = scope.all();
        if overrides.is_empty() {
            return None;
        }
        Some((self.overlay)(&self.current.load(), &overrides))
    }

    /// Waits until `ready` gives something or the time is up. `ready` runs without the lock.
    pub(crate) fn wait<T>(&self, timeout: Duration, ready: impl Fn() -> Option<T>) -> Option<T> {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            let before = self.state.lock().ticks;
            if let Some(value) = ready() {
                return Some(value);
            }
            let mut state = self.state.lock();
            // What came between the look and the lock has called already.
            while state.ticks == before {
                let is_late;
                (state, is_late) = self.state.wait_until(state, deadline);
                if is_late {
                    return None;
                }
            }
        }
    }

    /// For the thread: rests until it is stopped or nudged, or the time is up.
    pub(crate) fn rest(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let mut state = self.state.lock();
        let mut is_late = false;
        while !state.stopping && !state.nudged && !is_late {
            (state, is_late) = self.state.wait_until(state, deadline);
        }
    }

    /// For the thread, while the store fails: rests until `due`, or until the store answers somebody else, but not before
    /// `earliest`. What is said of the values meanwhile is no reason to ask a store that does not answer.
    pub(crate) fn rest_in_outage(&self, earliest: Instant, due: Instant) -> Rested {
        let mut state = self.state.lock();
        loop {
            if state.stopping {
                return Rested::Stopping;
            }
            if state.answered && Instant::now() >= earliest {
                return Rested::Answered;
            }
            let until = if state.answered { earliest } else { due };
            let is_late;
            (state, is_late) = self.state.wait_until(state, until);
            if is_late && !state.answered {
                return Rested::Due;
            }
        }
    }

    /// The store has answered a call of the process.
    pub(crate) fn note_answer(&self) {
        self.state.lock().answered = true;
        self.state.notify_all();
    }

    pub(crate) fn note_started(&self, started: Result<()>) {
        self.wake(|state| {
            state.started = Some(started);
            state.ticks += 1;
        });
    }

    /// In a forked child: follows anew. Says whether there is a thread for it.
    pub(crate) fn follow_anew(self: &Arc<Self>, process: u32) -> bool {
        {
            let mut state = self.state.lock();
            state.process = process;
            (state.started, state.interrupt, state.nudged, state.answered) = (None, None, false, false);
            (state.mode, state.mode_since) = (LiveMode::Starting, self.clock.now());
            // The file is the parent's.
            state.last_good_error = None;
        }
        let follows = (self.follow)(Arc::clone(self));
        if !follows {
            self.state.lock().process = 0;
            // Else the caller of `live()` would wait for a load that nobody does.
            self.note_started(Err(no_thread()));
        }
        follows
    }

    /// Waits for the first load, which another call has begun, and shares how it ends.
    pub(crate) fn wait_started(&self) -> Result<()> {
        let mut state = self.state.lock();
        loop {
            match &state.started {
                Some(started) => return started.clone(),
                None => state = self.state.wait(state),
            }
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.state.lock().stopping
    }

    /// Whether somebody asked for the values to be read again; asks no more.
    pub(crate) fn take_nudge(&self) -> bool {
        let mut state = self.state.lock();
        state.answered = false;
        std::mem::take(&mut state.nudged)
    }

    /// Asks the thread to read again now.
    pub(crate) fn read_again(&self) {
        self.wake(|state| state.nudged = true);
    }

    fn wake(&self, change: impl FnOnce(&mut State)) {
        let interrupt = {
            let mut state = self.state.lock();
            change(&mut state);
            state.interrupt.clone()
        };
        self.state.notify_all();
        // A backend's code: not under our lock.
        if let Some(interrupt) = interrupt {
            interrupt();
        }
    }

    pub(crate) fn note_interrupt(&self, interrupt: Option<Arc<dyn Fn() + Send + Sync>>) {
        self.state.lock().interrupt = interrupt;
    }

    pub(crate) fn note_mode(&self, mode: LiveMode) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        if state.mode != mode {
            (state.mode, state.mode_since) = (mode, now);
        }
    }

    /// The time by the clock of the status.
    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// The date of what comes from there.
    pub(crate) fn date_of(&self, origin: Origin) -> SystemTime {
        let age = self.clock.now().saturating_sub(origin.began).saturating_add(origin.older);
        self.clock.wall_time().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The origin of what is of this date; of no age that could be said, where the date is still to come.
    pub(crate) fn origin_of(&self, date: SystemTime) -> Origin {
        let older = self.clock.wall_time().duration_since(date).unwrap_or(Duration::MAX);
        Origin { began: self.clock.now(), older }
    }

    /// The values are those of the file of the last good values.
    pub(crate) fn note_recalled(&self, origin: Origin) {
        let mut state = self.state.lock();
        (state.loaded, state.from_last_good) = (Some(origin), true);
    }

    /// What is wrong with that file.
    pub(crate) fn note_last_good(&self, error: Option<Error>) {
        self.state.lock().last_good_error = error;
    }

    /// A load succeeded; `error` names what was unreadable in it.
    pub(crate) fn note_load(&self, origin: Origin, error: Option<Error>) {
        let mut state = self.state.lock();
        (state.loaded, state.from_last_good) = (Some(origin), false);
        state.last_error = error;
        // One that began with a failure has been made good.
        if let Some(started) = &mut state.started {
            *started = Ok(());
        }
    }

    pub(crate) fn note_error(&self, error: Error) {
        self.state.lock().last_error = Some(error);
    }

    pub(crate) fn status(&self) -> LiveStatus {
        let now = self.clock.now();
        // Under no lock: it takes one under which ours is taken.
        let (oldest, on_default, handler) = (self.account)(now);
        let state = self.state.lock();
        let is_here = state.process == std::process::id() || state.mode == LiveMode::Fixed;
        let of_load = |origin: Origin| now.saturating_sub(origin.began).saturating_add(origin.older);
        LiveStatus {
            age: state.loaded.map(|origin| oldest.unwrap_or_else(|| of_load(origin))),
            from_last_good: state.from_last_good,
            on_default,
            last_error: state.last_error.clone(),
            last_good_error: state.last_good_error.clone(),
            mode: if is_here { state.mode } else { LiveMode::OtherProcess },
            mode_for: is_here.then(|| now.saturating_sub(state.mode_since)),
            handler,
        }
    }
}

impl<S: Send + Sync> Publisher<S> for Core<S> {
    fn values(&self) -> Arc<S> {
        Self::values(self)
    }

    fn publish(&self, values: Arc<S>) {
        let old = self.current.swap(values);
        {
            let mut state = self.state.lock();
            state.version += 1;
            state.ticks += 1;
        }
        self.tell_all();
        drop(old);
    }

    /// So many values are about to change.
    #[cfg(feature = "metrics")]
    fn note_changes(&self, count: usize) {
        self.state.lock().changes += count as u64;
    }

    fn now(&self) -> Duration {
        Self::now(self)
    }

    fn read_again(&self) {
        Self::read_again(self);
    }

    fn note_answer(&self) {
        Self::note_answer(self);
    }

    fn note_error(&self, error: Error) {
        Self::note_error(self, error);
    }
}

impl<S: Send + Sync> Nudge for Core<S> {
    /// An override began or ended: who waits for a change has to look.
    fn nudge(&self) {
        self.state.lock().ticks += 1;
        self.tell_all();
    }
}

impl<S> Keeper<S> {
    pub(crate) fn new(core: Arc<Core<S>>) -> Self {
        Self(core)
    }

    pub(crate) fn core(&self) -> &Arc<Core<S>> {
        &self.0
    }
}

impl<S> Drop for Keeper<S> {
    fn drop(&mut self) {
        // In a forked child there is no thread to wake, and to interrupt the feed would be to interrupt the parent's.
        if self.0.state.lock().process == std::process::id() {
            self.0.wake(|state| state.stopping = true);
        }
    }
}

/// Reaches the values for `arc_swap::Cache`.
pub(crate) struct Swap<S>(pub(crate) Arc<Core<S>>);

impl<S> Deref for Swap<S> {
    type Target = ArcSwap<S>;

    fn deref(&self) -> &ArcSwap<S> {
        &self.0.current
    }
}

#[cold]
pub(crate) fn no_thread() -> Error {
    Error::new(ErrorKind::Unavailable)
        .with_action(Action::Watch)
        .with_detail("the system gave no thread to follow with")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::SystemClock;

    fn core() -> Arc<Core<i64>> {
        Arc::new(Core::new(
            Arc::new(1),
            Arc::new(SystemClock),
            Box::new(|n, _| (Arc::clone(n), None)),
            Box::new(|_| (None, Vec::new(), None)),
            Box::new(|_| false),
        ))
    }

    #[test]
    fn a_rest_in_an_outage_ends_with_an_answer_and_with_no_failure() {
        let core = core();
        let now = Instant::now();
        let late = now + Duration::from_secs(600);
        core.note_answer();
        assert_eq!(core.rest_in_outage(now, late), Rested::Answered);
        // A write of unknown end asks for a load, which has its turn anyway.
        core.take_nudge();
        core.read_again();
        assert_eq!(core.rest_in_outage(now, now), Rested::Due);
        std::thread::scope(|scope| {
            let resting = scope.spawn(|| core.rest_in_outage(now, late));
            core.note_answer();
            assert_eq!(resting.join().expect("no panic"), Rested::Answered);
        });
    }

    #[test]
    fn in_another_process_the_feed_is_not_interrupted() {
        for (process, calls) in [(std::process::id(), 1), (0, 0)] {
            let (core, called) = (core(), Arc::new(AtomicUsize::new(0)));
            let counted = Arc::clone(&called);
            core.note_interrupt(Some(Arc::new(move || {
                counted.fetch_add(1, Ordering::Relaxed);
            })));
            core.state.lock().process = process;
            drop(Keeper(core));
            assert_eq!(called.load(Ordering::Relaxed), calls);
        }
    }

    #[test]
    fn where_the_system_gives_no_thread_nobody_waits_for_one() {
        let core = core();
        core.note_started(Ok(()));
        assert!(!core.follow_anew(std::process::id()));
        assert_eq!(core.status().mode, LiveMode::OtherProcess, "nobody follows here");
        let started = core.state.lock().started.clone();
        assert!(started.is_some_and(|started| started.is_err_and(|e| e.kind() == ErrorKind::Unavailable)));
    }
}
