//! A cache store that fails on demand.

use std::sync::Mutex;

use constance_cache::CacheStore;
use constance_cache::store::{Seen, Swap, Version};
use constance_core::{Error, ErrorKind, Result};

/// Fails when told to, and counts the calls.
#[derive(Debug)]
pub struct FaultyStore<C> {
    inner: C,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    down: bool,
    swaps_down: bool,
    /// So many more swaps are made, then it is down.
    swaps_left: Option<usize>,
    lost_replies: bool,
    full: bool,
    reads: usize,
    swaps: usize,
}

impl<C> FaultyStore<C> {
    pub fn new(inner: C) -> Self {
        Self { inner, state: Mutex::default() }
    }

    pub fn inner(&self) -> &C {
        &self.inner
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().expect("no panic under the lock"))
    }

    /// From now on nothing works.
    pub fn fail(&self) {
        self.with(|state| state.down = true);
    }

    /// From now on it can only be read.
    pub fn fail_swaps(&self) {
        self.with(|state| state.swaps_down = true);
    }

    /// So many swaps are still made; then nothing works.
    pub fn fail_after_swaps(&self, swaps: usize) {
        self.with(|state| state.swaps_left = Some(swaps));
    }

    /// From now on swaps are made, and seem to have failed.
    pub fn lose_replies(&self) {
        self.with(|state| state.lost_replies = true);
    }

    /// From now on there is no room for anything.
    pub fn fill_up(&self) {
        self.with(|state| state.full = true);
    }

    pub fn heal(&self) {
        self.with(|state| *state = State { reads: state.reads, swaps: state.swaps, ..State::default() });
    }

    /// The calls since this was asked last.
    pub fn calls(&self) -> (usize, usize) {
        self.with(|state| (std::mem::take(&mut state.reads), std::mem::take(&mut state.swaps)))
    }
}

fn down() -> Error {
    Error::new(ErrorKind::Unavailable).with_detail("the test made this call fail")
}

impl<C: CacheStore> CacheStore for FaultyStore<C> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    fn read(&self, keys: &[&str]) -> Result<Vec<Seen>> {
        let fails = self.with(|state| {
            state.reads += 1;
            state.down
        });
        if fails { Err(down()) } else { self.inner.read(keys) }
    }

    fn swap(&self, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>> {
        let (fails, lost, full) = self.with(|state| {
            state.swaps += 1;
            match &mut state.swaps_left {
                Some(0) => state.down = true,
                Some(left) => *left -= 1,
                None => {}
            }
            (state.down || state.swaps_down, state.lost_replies, state.full)
        });
        if fails {
            return Err(down());
        }
        if full {
            return Ok(vec![None; swaps.len()]);
        }
        let swapped = self.inner.swap(swaps);
        if lost { Err(down()) } else { swapped }
    }

    fn max_len(&self) -> Option<usize> {
        Some(1_000_000)
    }
}
