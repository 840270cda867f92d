//! The thread that follows the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::start::broken_off;
use super::{Core, LiveMode, LiveOptions};
use crate::config::Inner;
use crate::{Action, Backend, Codec, Error, ErrorKind, Result, Settings, Wake, Watch, trace};

/// Reads again whenever the feed of the backend, or the time, says so; goes on whatever fails.
pub(super) struct Follower<S, C, B> {
    inner: Arc<Inner<S, C, B>>,
    core: Arc<Core<S>>,
    options: LiveOptions,
    feed: Feed,
    /// Failed attempts in a row.
    failures: u32,
    read_at: Instant,
}

enum Feed {
    Open {
        watch: Box<dyn Watch>,
        can_be_interrupted: bool,
    },
    /// To be opened, not before this moment.
    Broken {
        retry_at: Instant,
    },
    Unsupported,
}

/// The longest rest between two attempts while the store fails.
const MOST_REST: Duration = Duration::from_secs(5);

/// The rest before asking again for what writes through the same `Config` got in the way of.
const PASSED_OVER: Duration = Duration::from_millis(1);

/// Without an interrupter, how long dropping a `live()` may take to end its thread.
const UNINTERRUPTED: Duration = Duration::from_secs(1);

impl<S: Settings, C: Codec, B: Backend> Follower<S, C, B> {
    pub(super) fn new(inner: Arc<Inner<S, C, B>>, core: Arc<Core<S>>, options: LiveOptions) -> Self {
        let now = Instant::now();
        Self { inner, core, options, feed: Feed::Broken { retry_at: now }, failures: 0, read_at: now }
    }

    /// Opens the feed, then loads, so that nothing falls in between.
    pub(super) fn first_load(&mut self) -> Result<()> {
        self.open_feed();
        loop {
            match self.inner.load(&self.core) {
                Ok((_, unreadable)) => {
                    if let Some(error) = unreadable.filter(|_| !self.options.start_on_defaults) {
                        return Err(error);
                    }
                    // Not yet where a setting was being written just then; its writer publishes it.
                    if self.inner.ledger.has_seen_all() {
                        self.read_at = Instant::now();
                        return Ok(());
                    }
                    self.core.rest(PASSED_OVER);
                    self.core.take_nudge();
                }
                Err(error) if self.options.start_on_defaults => {
                    self.inner.ledger.assume_defaults(&self.inner.front);
                    self.core.note_error(error);
                    self.failures = 1;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn run(mut self) {
        let mut must_load = self.failures > 0;
        while !self.core.is_stopping() {
            if must_load {
                if self.failures > 0 {
                    self.core.rest(rest_after(self.failures));
                }
                must_load = !self.load();
            } else {
                must_load = self.wait();
            }
        }
        self.inner.running.ended();
        self.inner.ledger.detach(&self.core);
    }

    /// Reads everything. Says whether that has to be done again at once.
    fn load(&mut self) -> bool {
        if let Feed::Broken { retry_at } = self.feed
            && retry_at <= Instant::now()
        {
            self.open_feed();
        }
        self.core.take_nudge();
        // A handler of the application may panic; the settings have to be followed nevertheless.
        match catch_unwind(AssertUnwindSafe(|| self.inner.load(&self.core))) {
            Ok(Err(error)) => {
                trace::live_failed(&error);
                self.core.note_error(error);
                self.failures = self.failures.saturating_add(1);
                false
            }
            Ok(Ok((taken, _))) => {
                self.loaded();
                if taken.ask_again {
                    self.core.rest(PASSED_OVER);
                }
                !taken.ask_again
            }
            Err(_) => {
                let error = Error::new(ErrorKind::Contract)
                    .with_detail("a handler of the application panicked while it was told of changes");
                let error = self.inner.explain(error, Action::Watch);
                trace::live_failed(&error);
                self.core.note_error(error);
                self.loaded();
                true
            }
        }
    }

    fn loaded(&mut self) {
        // The store is back, and so may be its feed.
        if self.failures > 0
            && let Feed::Broken { retry_at } = &mut self.feed
        {
            *retry_at = Instant::now();
        }
        self.failures = 0;
        self.read_at = Instant::now();
    }

    /// Waits for the next reason to read. Says whether there is one.
    fn wait(&mut self) -> bool {
        let (watch, can_be_interrupted) = match &mut self.feed {
            Feed::Open { watch, can_be_interrupted } => (watch, *can_be_interrupted),
            Feed::Unsupported => {
                self.core.rest(self.options.poll_interval);
                return true;
            }
            // Whoever relies on the feed may poll once an hour: it has to be back long before.
            Feed::Broken { retry_at } => {
                let until_retry = retry_at.saturating_duration_since(Instant::now());
                self.core.rest(self.options.poll_interval.min(until_retry));
                return true;
            }
        };
        let left = self.options.reread_interval.saturating_sub(self.read_at.elapsed());
        if left.is_zero() {
            return true;
        }
        let timeout = if can_be_interrupted { left } else { left.min(UNINTERRUPTED) };
        match watch.wait(timeout) {
            Ok(Wake::Changed) => true,
            Ok(Wake::TimedOut) => false,
            Ok(Wake::Interrupted) => self.core.take_nudge(),
            Err(error) => {
                let error = self.inner.explain(error, Action::Watch);
                trace::live_failed(&error);
                self.core.note_error(error);
                self.feed = Feed::Broken { retry_at: Instant::now() };
                self.core.note_mode(LiveMode::Polling, None);
                true
            }
        }
    }

    fn open_feed(&mut self) {
        let opened = self.inner.backend.watch(&self.inner.prefix);
        let (feed, mode, interrupt) = match opened {
            Ok(watch) => {
                let interrupt: Option<Arc<dyn Fn() + Send + Sync>> = watch.interrupter().map(Arc::from);
                (Feed::Open { watch, can_be_interrupted: interrupt.is_some() }, LiveMode::Watching, interrupt)
            }
            Err(error) if error.kind() == ErrorKind::Unsupported => (Feed::Unsupported, LiveMode::Polling, None),
            Err(error) => {
                let error: Error = self.inner.explain(error, Action::Watch);
                trace::live_failed(&error);
                self.core.note_error(error);
                let retry_at = Instant::now() + self.options.reread_interval.min(MOST_REST);
                (Feed::Broken { retry_at }, LiveMode::Polling, None)
            }
        };
        self.feed = feed;
        self.core.note_mode(mode, interrupt);
    }
}

impl<S: Settings, C: Codec, B: Backend + 'static> Follower<S, C, B> {
    /// Loads and follows in a thread of its own, also where the first load fails. Says whether there is a thread.
    pub(super) fn start(mut self) -> bool {
        let work = move || {
            let started = catch_unwind(AssertUnwindSafe(|| self.first_load())).unwrap_or_else(|_| Err(broken_off()));
            if let Err(error) = &started {
                self.core.note_error(error.clone());
                self.failures = 1;
            }
            self.core.note_started(started);
            self.run();
        };
        thread::Builder::new().name("constance-live".to_owned()).spawn(work).is_ok()
    }
}

/// 100 ms, then twice as long each time.
fn rest_after(failures: u32) -> Duration {
    Duration::from_millis(50 << failures.min(10)).min(MOST_REST)
}
