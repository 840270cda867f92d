//! The threads that follow the feeds of the backend below.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use constance_core::{
    ErrorKind, Prefix, Result,
    backend::{Key, Wake, Watch},
};
use parking_lot::{Condvar, Mutex};

use super::state::State;
use crate::CacheEvent;

/// Opens a feed under a prefix. `None` where the backend is gone.
pub(super) type Open = Box<dyn Fn(&Prefix) -> Option<Result<Box<dyn Watch>>> + Send>;

/// Makes an [`Open`] for a backend, where that is possible now. It does not keep the backend alive.
pub(super) type Opener<B> = fn(&Arc<B>) -> Option<Open>;

/// Follows the feed of every prefix under which something is fetched, each in a thread of its own, which ends with it.
pub(super) struct Follower<B> {
    opener: Opener<B>,
    stop: Arc<Stop>,
    followed: Mutex<Followed>,
}

/// The prefixes that are followed, and the process whose threads do it.
struct Followed {
    prefixes: HashSet<Box<str>>,
    process: u32,
}

/// How long to wait before a broken feed is opened again: at first, doubled each time, and at most.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// How long the thread of a dropped cache may live on where its wait cannot be interrupted.
const WAIT_WITHOUT_INTERRUPTER: Duration = Duration::from_secs(1);

/// The same where it can: the interrupter may have been called just before the wait began.
const WAIT_WITH_INTERRUPTER: Duration = Duration::from_secs(30);

impl<B> Follower<B> {
    pub(super) fn new(opener: Opener<B>) -> Self {
        let followed = Mutex::new(Followed { prefixes: HashSet::new(), process: std::process::id() });
        Self { opener, stop: Arc::default(), followed }
    }

    /// Follows the prefixes of these keys, unless they are followed already.
    pub(super) fn follow(&self, backend: &Arc<B>, state: &Arc<State>, keys: &[Key]) {
        let new: Vec<Box<str>> = {
            let Followed { prefixes, process } = &mut *self.followed.lock();
            if *process != std::process::id() {
                // The threads of its parent do nothing for a forked child.
                prefixes.clear();
                *process = std::process::id();
            }
            keys.iter().map(Key::prefix).filter(|prefix| prefixes.insert((*prefix).into())).map(Into::into).collect()
        };
        for text in new {
            // A key's prefix is one.
            let Ok(prefix) = Prefix::without_separator(&text) else { continue };
            let started = (self.opener)(backend).is_some_and(|open| {
                let (state, stop) = (Arc::downgrade(state), Arc::clone(&self.stop));
                let thread = thread::Builder::new().name("constance-cache".to_owned());
                thread.spawn(move || run(&open, &state, &stop, &prefix)).is_ok()
            });
            if !started {
                // Until then values end by their TTL only.
                state.counters.add(CacheEvent::CacheError, 1);
                self.followed.lock().prefixes.remove(&text);
            }
        }
    }
}

impl<B> Drop for Follower<B> {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

fn run(open: &Open, state: &Weak<State>, stop: &Stop, prefix: &Prefix) {
    let mut backoff = FIRST_BACKOFF;
    while !stop.is_stopped() {
        let (Some(opened), Some(state)) = (open(prefix), state.upgrade()) else { return };
        match opened {
            Ok(mut watch) => {
                backoff = FIRST_BACKOFF;
                let _open = OpenFeed::new(&state, prefix);
                listen(&mut *watch, &state, stop, prefix);
            }
            Err(error) if error.kind() == ErrorKind::Unsupported => return,
            Err(_) => {}
        }
        if !stop.is_stopped() {
            state.counters.add(CacheEvent::CacheError, 1);
            drop(state);
            stop.wait(backoff);
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
        }
    }
}

/// An open feed, until this is dropped, also by a panic.
struct OpenFeed<'a> {
    state: &'a State,
    prefix: &'a Prefix,
}

impl<'a> OpenFeed<'a> {
    fn new(state: &'a State, prefix: &'a Prefix) -> Self {
        state.feed_opened(prefix);
        Self { state, prefix }
    }
}

impl Drop for OpenFeed<'_> {
    fn drop(&mut self) {
        self.state.feed_closed(self.prefix);
    }
}

/// Waits for changes until the feed breaks or the cache is dropped.
fn listen(watch: &mut dyn Watch, state: &State, stop: &Stop, prefix: &Prefix) {
    let number = stop.listening(watch.interrupter());
    let timeout = if number.is_some() { WAIT_WITH_INTERRUPTER } else { WAIT_WITHOUT_INTERRUPTER };
    while !stop.is_stopped() {
        match watch.wait(timeout) {
            Ok(Wake::Changed) => state.drop_under(prefix),
            Ok(_) => {}
            Err(_) => break,
        }
        #[cfg(feature = "metrics")]
        state.counters.publish();
    }
    stop.listened(number);
}

/// Ends the threads of a follower.
#[derive(Default)]
struct Stop {
    state: Mutex<Stopping>,
    stopped: Condvar,
}

#[derive(Default)]
struct Stopping {
    stopped: bool,
    interrupts: Vec<(u64, Box<dyn Fn() + Send + Sync>)>,
    numbers: u64,
}

impl Stop {
    fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }

    /// Waits so long, or until the follower is dropped.
    fn wait(&self, backoff: Duration) {
        let mut state = self.state.lock();
        if !state.stopped {
            self.stopped.wait_for(&mut state, backoff);
        }
    }

    /// Registers the interrupter of a wait. Returns the number to unregister it by.
    fn listening(&self, interrupt: Option<Box<dyn Fn() + Send + Sync>>) -> Option<u64> {
        let mut state = self.state.lock();
        state.numbers += 1;
        let number = state.numbers;
        state.interrupts.push((number, interrupt?));
        Some(number)
    }

    fn listened(&self, number: Option<u64>) {
        let ended = |(other, _): &(u64, _)| Some(*other) == number;
        let mut state = self.state.lock();
        if let Some(at) = state.interrupts.iter().position(ended) {
            let interrupt = state.interrupts.swap_remove(at);
            drop(state);
            drop(interrupt);
        }
    }

    fn stop(&self) {
        let mut state = self.state.lock();
        state.stopped = true;
        let interrupts = std::mem::take(&mut state.interrupts);
        drop(state);
        self.stopped.notify_all();
        interrupts.iter().for_each(|(_, interrupt)| interrupt());
    }
}
