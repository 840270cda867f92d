//! The thread that follows the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::observe::Observed;
use super::tell::tell;
use super::{LastGood, broken_off};
use crate::config::Inner;
use crate::events::Taken;
use crate::live::{Core, Rested};
use crate::{
    Action, Backend, Codec, Error, ErrorKind, LiveMode, LiveOptions, Result, Settings,
    backend::{ChangedKeys, Wake, Watch},
};

/// Reads again whenever the feed of the backend, or the time, says so; goes on whatever fails.
pub(super) struct Follower<S, C, B> {
    pub(super) inner: Arc<Inner<S, C, B>>,
    pub(super) core: Arc<Core<S>>,
    pub(super) options: LiveOptions,
    pub(super) last_good: Option<LastGood<S>>,
    pub(super) feed: Feed,
    pub(super) observed: Observed,
    /// Since when no load has succeeded.
    outage: Option<Instant>,
    /// When the last load began.
    tried_at: Instant,
    /// When everything was last read.
    pub(super) read_at: Instant,
    /// When the last load of everything began, in the ledger's count, where it left nothing out: since then the feed has named
    /// whatever changed.
    pub(super) whole_since: Option<u64>,
}

/// What the thread does next.
pub(super) enum Next {
    /// Waits for a reason to read.
    Wait,
    /// Reads these.
    Read(ChangedKeys),
    ReadAll,
}

pub(super) enum Feed {
    Open {
        watch: Box<dyn Watch>,
        can_be_interrupted: bool,
    },
    /// To be opened, not before this moment; it has been like that for some time.
    Broken {
        since: Instant,
        retry_at: Instant,
    },
    Unsupported,
}

/// How often a feed is tried to be opened while the store can be read without it.
const FEED_REST: Duration = Duration::from_secs(5);

/// The same in the first minute.
const FRESH_FEED_REST: Duration = Duration::from_secs(1);

/// For how long a store that fails is tried often: most outages are over by then.
const FRESH_OUTAGE: Duration = Duration::from_secs(60);

/// The rest between two loads meanwhile.
const FRESH_REST: Duration = Duration::from_millis(100);

/// The least rest between two loads that fail, however many calls the store answers meanwhile.
const LEAST_REST: Duration = Duration::from_millis(10);

/// The rest before asking again for what writes through the same `Config` got in the way of.
pub(super) const PASSED_OVER: Duration = Duration::from_millis(1);

/// Without an interrupter, how long dropping a `live()` may take to end its thread.
const UNINTERRUPTED: Duration = Duration::from_secs(1);

impl<S: Settings, C: Codec, B: Backend + 'static> Follower<S, C, B> {
    pub(super) fn new(inner: Arc<Inner<S, C, B>>, core: Arc<Core<S>>, options: LiveOptions) -> Self {
        let (now, observed) = (Instant::now(), Observed::new(&inner.front));
        Self {
            observed,
            inner,
            core,
            options,
            last_good: None,
            feed: Feed::Broken { since: now, retry_at: now },
            outage: None,
            tried_at: now,
            read_at: now,
            whole_since: None,
        }
    }

    /// Opens the feed, then loads, so that nothing falls in between.
    pub(super) fn first_load(&mut self) -> Result<()> {
        self.open_feed();
        self.last_good = LastGood::read(&self.inner, &self.core, &self.options);
        loop {
            let loaded = self.inner.load(&self.core, self.last_good.as_mut());
            tell(&self.inner, &self.core);
            match loaded {
                Ok((taken, unreadable)) => {
                    self.observed.loaded(&unreadable);
                    self.note_whole(&taken, &unreadable);
                    if let Some(error) = Error::several(unreadable).filter(|_| !self.options.default_if_unreadable) {
                        return Err(error);
                    }
                    // Not yet where a setting was being written just then; its writer publishes it.
                    if self.inner.ledger.has_seen_all() {
                        self.read_at = Instant::now();
                        self.recall_unreadable();
                        self.keep_last_good();
                        self.observed.values(&self.inner.front, &self.core);
                        return Ok(());
                    }
                    self.core.rest(PASSED_OVER);
                    self.core.take_nudge();
                }
                Err(error) => {
                    self.start_without_store(&error)?;
                    self.failed(error);
                    self.observed.values(&self.inner.front, &self.core);
                    return Ok(());
                }
            }
        }
    }

    pub(super) fn run(mut self) {
        let mut next = if self.outage.is_some() { Next::ReadAll } else { Next::Wait };
        while !self.core.is_stopping() {
            next = match next {
                Next::Wait => self.wait(),
                Next::Read(keys) => self.load_named(keys),
                Next::ReadAll => {
                    if let Some(since) = self.outage {
                        let due = self.tried_at + rest_between(since.elapsed());
                        let earliest = Instant::now() + LEAST_REST;
                        if self.core.rest_in_outage(earliest, due.max(earliest)) == Rested::Stopping {
                            break;
                        }
                    }
                    self.load()
                }
            }
        }
        self.inner.running.ended();
        self.inner.ledger.detach(&self.core);
    }

    /// Reads everything.
    fn load(&mut self) -> Next {
        self.tried_at = Instant::now();
        // While the store is down, opening a feed would only take up the time of a load.
        if let Feed::Broken { retry_at, .. } = self.feed
            && self.outage.is_none()
            && retry_at <= Instant::now()
        {
            self.open_feed();
        }
        self.core.take_nudge();
        self.whole_since = None;
        if let Feed::Open { watch, .. } = &mut self.feed {
            // What it names by now can be read.
            drop(watch.changed_keys());
        }
        // A backend of the application's may panic; the settings have to be followed nevertheless.
        let loaded = catch_unwind(AssertUnwindSafe(|| self.inner.load(&self.core, self.last_good.as_mut())))
            .unwrap_or_else(|_| {
                let error = Error::new(ErrorKind::Contract).with_detail("the backend panicked while it was read");
                Err(self.inner.explain(error, Action::Read))
            });
        tell(&self.inner, &self.core);
        match loaded {
            Err(error) => {
                self.failed(error);
                Next::ReadAll
            }
            Ok((taken, unreadable)) => {
                self.observed.loaded(&unreadable);
                self.note_whole(&taken, &unreadable);
                self.loaded();
                self.keep_last_good();
                self.observed.values(&self.inner.front, &self.core);
                if taken.ask_again {
                    self.core.rest(PASSED_OVER);
                    return Next::ReadAll;
                }
                Next::Wait
            }
        }
    }

    /// A load of everything has succeeded, but for these faults.
    fn note_whole(&mut self, taken: &Taken, faults: &[Error]) {
        self.whole_since = (taken.all && faults.is_empty()).then_some(taken.began);
    }

    /// A load has failed. Nothing else counts as a failure of the thread that follows: not a write of the process, whose
    /// retries would make up its mind that the store is down for long.
    pub(super) fn failed(&mut self, error: Error) {
        self.observed.failed(&error, self.outage.is_none());
        self.outage.get_or_insert_with(Instant::now);
        self.core.note_error(error);
        self.inner.running.wait_for_answer(true);
    }

    fn loaded(&mut self) {
        // The store is back, and so may be its feed.
        if let Some(since) = self.outage.take() {
            self.observed.recovered(since.elapsed());
            self.inner.running.wait_for_answer(false);
            if let Feed::Broken { retry_at, .. } = &mut self.feed {
                *retry_at = Instant::now();
            }
        }
        self.read_at = Instant::now();
    }

    /// Waits for the next reason to read.
    fn wait(&mut self) -> Next {
        let poll_interval = self.options.poll_interval;
        let (watch, can_be_interrupted) = match &mut self.feed {
            Feed::Open { watch, can_be_interrupted } => (watch, *can_be_interrupted),
            Feed::Unsupported => {
                self.core.rest(poll_interval);
                return Next::ReadAll;
            }
            // Whoever relies on the feed may poll once an hour: it has to be back long before. What broke it may be the
            // beginning of an outage that a load does not notice yet, or the end of one.
            Feed::Broken { since, retry_at } => {
                let until_retry = retry_at.saturating_duration_since(Instant::now());
                let most = if since.elapsed() < FRESH_OUTAGE { FRESH_REST } else { poll_interval };
                self.core.rest(poll_interval.min(until_retry).min(most));
                return Next::ReadAll;
            }
        };
        let left = self.options.reread_interval.saturating_sub(self.read_at.elapsed());
        if left.is_zero() {
            return Next::ReadAll;
        }
        let timeout = if can_be_interrupted { left } else { left.min(UNINTERRUPTED) };
        let woken = watch.wait(timeout);
        let mode = watch.mode().into();
        match woken {
            Ok(wake) => {
                let keys = (wake == Wake::Changed).then(|| watch.changed_keys());
                self.note_mode(mode, None);
                match keys {
                    Some(keys) => Next::Read(keys),
                    None if wake == Wake::Interrupted && self.core.take_nudge() => Next::ReadAll,
                    None => Next::Wait,
                }
            }
            Err(error) => {
                self.feed_broke(error);
                Next::ReadAll
            }
        }
    }

    /// The feed is opened again with the next load.
    pub(super) fn feed_broke(&mut self, error: Error) {
        let error = self.inner.explain(error, Action::Watch);
        self.note_mode(LiveMode::Polling { every: self.options.poll_interval }, Some(&error));
        self.core.note_error(error);
        let now = Instant::now();
        self.feed = Feed::Broken { since: now, retry_at: now };
        self.core.note_interrupt(None);
    }

    fn open_feed(&mut self) {
        let opened = self.inner.backend.watch(&self.inner.prefix);
        let polling = LiveMode::Polling { every: self.options.poll_interval };
        let (feed, mode, interrupt, error) = match opened {
            Ok(watch) => {
                let interrupt: Option<Arc<dyn Fn() + Send + Sync>> = watch.interrupter().map(Arc::from);
                let mode = watch.mode().into();
                (Feed::Open { watch, can_be_interrupted: interrupt.is_some() }, mode, interrupt, None)
            }
            Err(error) if error.kind() == ErrorKind::Unsupported => (Feed::Unsupported, polling, None, None),
            Err(error) => {
                let error: Error = self.inner.explain(error, Action::Watch);
                self.core.note_error(error.clone());
                let now = Instant::now();
                let since = if let Feed::Broken { since, .. } = self.feed { since } else { now };
                let rest = match now - since < FRESH_OUTAGE {
                    // Loads that a cache answers tell nothing of the store.
                    true if self.inner.remembers => FRESH_REST,
                    true => FRESH_FEED_REST,
                    false => FEED_REST,
                };
                let retry_at = now + self.options.reread_interval.min(rest);
                (Feed::Broken { since, retry_at }, polling, None, Some(error))
            }
        };
        self.feed = feed;
        self.note_mode(mode, error.as_ref());
        self.core.note_interrupt(interrupt);
    }

    fn note_mode(&mut self, mode: LiveMode, error: Option<&Error>) {
        self.core.note_mode(mode);
        self.observed.mode(mode, error);
    }

    /// Loads and follows in a thread of its own, also where the first load fails. Says whether there is a thread.
    pub(super) fn start(mut self) -> bool {
        let work = move || {
            let started = catch_unwind(AssertUnwindSafe(|| self.first_load())).unwrap_or_else(|_| Err(broken_off()));
            if let Err(error) = &started {
                self.failed(error.clone());
            }
            self.core.note_started(started);
            self.run();
        };
        thread::Builder::new().name("constance-live".to_owned()).spawn(work).is_ok()
    }
}

/// How long after the beginning of a load that failed the next one begins, in an outage of this age.
fn rest_between(outage: Duration) -> Duration {
    if outage < FRESH_OUTAGE { FRESH_REST } else { Duration::from_secs(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_fails_is_tried_often_for_a_minute_and_then_each_second() {
        for (outage, rest) in [(0, 100), (59_999, 100), (60_000, 1_000), (86_400_000, 1_000)] {
            assert_eq!(rest_between(Duration::from_millis(outage)), Duration::from_millis(rest));
        }
    }
}
