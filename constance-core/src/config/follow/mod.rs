//! Following the store for a `live()`: how it starts, and the thread that loads.

mod changed;
mod follower;
mod last_good;
mod load;
#[cfg(feature = "metrics")]
mod metrics;
mod observe;
mod tell;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::thread;

use parking_lot::Mutex;

use self::follower::Follower;
use self::last_good::LastGood;
pub(crate) use self::load::Settling;
use super::{Config, Front};
use crate::field::AnyValue;
use crate::live::{Core, Keeper, no_thread};
use crate::{Action, Backend, Codec, Error, ErrorKind, Live, LiveOptions, Result, Settings};

/// Where the running `live()` of a `Config` is found by the next call.
pub(crate) struct Running<S> {
    keeper: Mutex<Weak<Keeper<S>>>,
    /// The process that follows; 0 where none does.
    process: AtomicU32,
    /// The thread that follows takes the store to be down, and wants to hear of a call that it answers.
    waits_for_answer: AtomicBool,
}

impl<S> Running<S> {
    pub(crate) fn new() -> Self {
        Self { keeper: Mutex::new(Weak::new()), process: AtomicU32::new(0), waits_for_answer: AtomicBool::new(false) }
    }

    /// Whether the thread that follows is in the process that this one was forked from. Where nothing is followed, that is one
    /// look at memory, which a read from a cache can afford.
    #[inline]
    pub(crate) fn is_elsewhere(&self) -> bool {
        let process = self.process.load(Ordering::Relaxed);
        process != 0 && process != std::process::id()
    }

    /// Whether anything is followed: else a read has nothing to look for.
    #[inline]
    fn is_followed(&self) -> bool {
        self.process.load(Ordering::Relaxed) != 0
    }

    /// As [`is_elsewhere`](Self::is_elsewhere), for a read that may be answered from memory, which takes a fraction of the time in which
    /// the system says the process: one look in so many is made.
    #[inline]
    pub(crate) fn is_found_elsewhere(&self) -> bool {
        self.is_followed() && is_turn() && self.is_elsewhere()
    }

    /// Whether a call that the store answers is news.
    #[inline]
    fn waits_for_answer(&self) -> bool {
        self.waits_for_answer.load(Ordering::Relaxed)
    }

    /// A load has failed, or succeeded again.
    fn wait_for_answer(&self, waits: bool) {
        self.waits_for_answer.store(waits, Ordering::Relaxed);
    }

    /// The thread that follows ends: where there is no other by now, reads have nothing to look for.
    fn ended(&self) {
        let keeper = self.keeper.lock();
        if keeper.strong_count() == 0 {
            self.process.store(0, Ordering::Relaxed);
        }
    }
}

/// How many reads from memory there are to a look at the process.
const READS: u8 = 64;

fn is_turn() -> bool {
    thread_local! {
        static READ: Cell<u8> = const { Cell::new(0) };
    }
    READ.with(|read| {
        let count = (read.get() + 1) % READS;
        read.set(count);
        count == 0
    })
}

impl<S, C> Front<S, C> {
    /// Before the read of one setting. In a forked child: follows anew, at the first of these that has to ask the store, or soon where
    /// memory may answer.
    #[inline]
    pub(crate) fn keep_following_to_read(&self) {
        if self.running.is_followed() {
            self.look_where();
        }
    }

    /// By itself, so that a read is small where nothing is followed.
    #[inline(never)]
    fn look_where(&self) {
        let running = &self.running;
        let is_elsewhere = if self.reads_memory { running.is_found_elsewhere() } else { running.is_elsewhere() };
        if is_elsewhere {
            self.follow_anew();
        }
    }

    /// In a forked child, where nobody follows: follows anew.
    #[inline]
    pub(crate) fn keep_following(&self) {
        if self.running.is_elsewhere() {
            self.follow_anew();
        }
    }

    #[cold]
    fn follow_anew(&self) {
        let process = std::process::id();
        let keeper = {
            let keeper = self.running.keeper.lock();
            // Another thread may have been here.
            if !self.running.is_elsewhere() {
                return;
            }
            // Before any other thread may pass: what it is about to write is counted.
            self.ledger.begin_anew();
            let keeper = keeper.upgrade();
            self.running.process.store(keeper.as_ref().map_or(0, |_| process), Ordering::Relaxed);
            keeper
        };
        let Some(keeper) = keeper else { return };
        if !keeper.core().follow_anew(process) {
            // The next call tries again.
            self.running.process.store(u32::MAX, Ordering::Relaxed);
        }
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// The store has answered a write: where it was taken to be down, it is read at once.
    #[inline]
    pub(crate) fn write_was_answered(&self) {
        if self.running.waits_for_answer() {
            self.tell_of_answer();
        }
    }

    /// Something has answered a read: the store, unless the backend answers from memory.
    #[inline]
    pub(crate) fn read_was_answered(&self) {
        if self.running.waits_for_answer() && !self.remembers {
            self.tell_of_answer();
        }
    }

    #[cold]
    fn tell_of_answer(&self) {
        // Told once: the thread asks anew when its next load has failed.
        if let Some(core) = self.ledger.live() {
            self.running.wait_for_answer(false);
            core.note_answer();
        }
    }
}

impl<S: Settings, C: Codec, B: Backend + 'static> Config<S, C, B> {
    /// Loads every setting now, then follows the store in the background: [`Live`].
    ///
    /// One thread follows, however often this is called. A child that the process forks has none: there the next call of this
    /// `Config` that asks the store, such as this one, follows anew, and until then [`Live::status`] says so. A set through this `Config` is
    /// seen by it before the set returns; those of others within milliseconds where the backend pushes changes, else within
    /// the [poll interval](LiveOptions::poll_interval).
    ///
    /// # Errors
    ///
    /// Where the first load fails, naming every unreadable setting and every broken rule across settings. [`LiveOptions`] has a
    /// choice for each of these faults, and for a store that cannot be reached.
    pub fn live(&self) -> Result<Live<S>> {
        self.live_with(LiveOptions::new())
    }

    /// As [`live`](Self::live), with options. Where it follows already, the options of the first call stay.
    ///
    /// # Errors
    ///
    /// As [`live`](Self::live).
    pub fn live_with(&self, options: LiveOptions) -> Result<Live<S>> {
        self.inner.keep_following();
        let (keeper, options) = {
            let mut running = self.inner.running.keeper.lock();
            match running.upgrade() {
                Some(keeper) => (keeper, None),
                None => {
                    let keeper = Arc::new(Keeper::new(self.core(&options)));
                    *running = Arc::downgrade(&keeper);
                    self.inner.running.process.store(std::process::id(), Ordering::Relaxed);
                    self.inner.ledger.attach(Arc::<Core<S>>::clone(keeper.core()));
                    (keeper, Some(options))
                }
            }
        };
        match options {
            // Another call has begun it: its first load is ours too, and so is its failure.
            None => keeper.core().wait_started()?,
            Some(options) => self.start(&keeper, options)?,
        }
        Ok(Live::new(keeper, self.scope.clone()))
    }

    fn core(&self, options: &LiveOptions) -> Arc<Core<S>> {
        let inner = Arc::clone(&self.inner);
        let overlay = move |values: &Arc<S>, overrides: &[(usize, AnyValue)]| inner.overlaid(values, overrides);
        let inner = Arc::clone(&self.inner);
        let account = move |now| {
            let (oldest, unknown) = (inner.ledger.oldest(now), inner.ledger.unknown());
            let on_default = unknown.into_iter().map(|index| inner.schema.fields[index].info().name).collect();
            (oldest, on_default, inner.ledger.running_handler())
        };
        // A child has the values of its parent, and the file is its parent's.
        let (inner, anew) = (Arc::clone(&self.inner), LiveOptions { last_good: None, ..options.clone() });
        let follow = move |core| Follower::new(Arc::clone(&inner), core, anew.clone()).start();
        let defaults = Arc::from(self.inner.schema.defaults.clone());
        let clock = Arc::clone(&options.clock);
        Arc::new(Core::new(defaults, clock, Box::new(overlay), Box::new(account), Box::new(follow)))
    }

    fn start(&self, keeper: &Arc<Keeper<S>>, options: LiveOptions) -> Result<()> {
        let inner = &self.inner;
        let mut starting = Starting { config: self, core: keeper.core(), started: Err(broken_off()) };
        let mut follower = Follower::new(Arc::clone(inner), Arc::clone(keeper.core()), options);
        let started = follower.first_load().and_then(|()| {
            let thread = thread::Builder::new().name("constance-live".to_owned());
            thread.spawn(move || follower.run()).map(drop).map_err(|_| inner.explain(no_thread(), Action::Watch))
        });
        starting.started = started.clone();
        started
    }
}

/// Tells those who wait for the first load how it ended, also when it ended in a panic.
struct Starting<'c, S: Settings, C: Codec, B: Backend> {
    config: &'c Config<S, C, B>,
    core: &'c Arc<Core<S>>,
    started: Result<()>,
}

impl<S: Settings, C: Codec, B: Backend> Drop for Starting<'_, S, C, B> {
    fn drop(&mut self) {
        if self.started.is_err() {
            let mut running = self.config.inner.running.keeper.lock();
            // The next call starts afresh.
            if running.upgrade().is_some_and(|keeper| Arc::ptr_eq(keeper.core(), self.core)) {
                *running = Weak::new();
                self.config.inner.running.process.store(0, Ordering::Relaxed);
            }
            drop(running);
            self.config.inner.ledger.detach(self.core);
        }
        self.core.note_started(self.started.clone());
    }
}

#[cold]
fn broken_off() -> Error {
    Error::new(ErrorKind::Contract).with_action(Action::Read).with_detail("the first load was broken off by a panic")
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::Schema;
    use crate::testing::ReferenceBackend;

    #[derive(Clone)]
    struct Nothing;

    impl Settings for Nothing {
        fn defaults() -> Self {
            Self
        }

        fn schema<C: Codec>() -> Result<Schema<Self, C>> {
            Schema::builder(Self).build()
        }
    }

    #[test]
    fn reads_look_at_the_process_only_while_something_is_followed() -> Result<()> {
        let config = Config::<Nothing>::new(ReferenceBackend::new());
        let live = config.live()?;
        let followed_by = || config.inner.running.process.load(Ordering::Relaxed);
        assert_eq!(followed_by(), std::process::id());
        drop(live);
        let deadline = Instant::now() + Duration::from_secs(60);
        while followed_by() != 0 {
            assert!(Instant::now() < deadline, "the thread has not ended");
            thread::yield_now();
        }
        Ok(())
    }
}
