//! One lookup, from a miss to its answer: it starts a fetch, or joins one that is in flight.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "tokio")]
use constance_core::aio::AsyncBackend;
use constance_core::{
    Error, ErrorKind, Result,
    backend::{Key, KeyMap, Stored},
};

use super::fetch::{Answer, End, Fetch, Fetched, Outcome};
#[cfg(feature = "tokio")]
use super::shared_future::FetchWaiter;
use super::state::{Locked, State};
use super::time::nanos;
use crate::CacheEvent;

/// A read that the entries could not answer.
pub(super) struct Lookup<'a> {
    state: &'a Arc<State>,
    keys: &'a [&'a Key],
    /// When it began.
    asked: u64,
    /// How often a key was changed while it was fetched.
    retries: u32,
    /// Where its keys stand in [`Locked::waiting`], once it joined a fetch that lacks some of them.
    waiting: Option<u64>,
}

/// How often keys are fetched again that were changed while they were fetched. After that, what was fetched is better than no
/// answer.
const MAX_RETRIES: u32 = 3;

/// The next step of a lookup.
pub(super) enum Next {
    /// Another thread has fetched the keys meanwhile.
    Answer(Answer),
    /// Wait for a fetch that is in flight.
    Wait(Joined),
    /// Ask the backend.
    Fetch(FetchOwner),
}

impl State {
    /// Answers a read from the entries.
    pub(super) fn ask<'a>(self: &'a Arc<Self>, keys: &'a [&'a Key]) -> Result<Answer, Lookup<'a>> {
        let (count, asked) = (keys.len() as u64, self.time.now());
        if let Some((found, event)) = self.remembered(keys, asked, asked) {
            self.counters.add(event, count);
            return Ok(found);
        }
        self.counters.add(CacheEvent::Miss, count);
        Err(Lookup { state: self, keys, asked, retries: 0, waiting: None })
    }
}

impl Lookup<'_> {
    pub(super) fn next(&mut self) -> Next {
        let Self { state, keys, asked, .. } = *self;
        let now = state.time.now();
        let mut locked = state.lock();
        state.reset_after_fork(&mut locked);
        // A fetch may have ended since the look without the lock.
        if let Some((found, event)) = state.remembered(keys, asked, now) {
            drop(locked);
            if event == CacheEvent::StaleServed {
                state.counters.add(event, keys.len() as u64);
            }
            return Next::Answer(found);
        }
        // A fetch that takes so long, or that nobody polls, would give an answer that is too old by now.
        for key in keys {
            if locked.in_flight.get(*key).is_some_and(|fetch| state.is_too_old_to_join(fetch.began, now)) {
                locked.in_flight.remove(*key);
            }
        }
        let Some(fetch) = keys.iter().find_map(|key| locked.in_flight.get(*key)).map(Arc::clone) else {
            let wanted = self.to_fetch(&locked, now);
            let fetch = locked.register(wanted, now);
            drop(locked);
            // Made before anything that may panic, such as an observer: from here on others wait for this fetch.
            let owner = FetchOwner { state: Arc::clone(state), fetch, finished: false };
            state.counters.add(CacheEvent::Fetch, 1);
            return Next::Fetch(owner);
        };
        let is_fetched = |key: &&Key| locked.in_flight.get(*key).is_some_and(|other| Arc::ptr_eq(other, &fetch));
        if keys.iter().all(is_fetched) {
            return Next::Wait(Joined { fetch, has_all: true });
        }
        // Some of the keys are in flight, and all of them have to come from one fetch. It starts when the one in flight has
        // ended, for every lookup that waits by then.
        if self.waiting.is_none() {
            let number = locked.number();
            locked.waiting.insert(number, keys.iter().map(|key| (*key).clone()).collect());
            self.waiting = Some(number);
        }
        Next::Wait(Joined { fetch, has_all: false })
    }

    /// The keys to fetch: those of this lookup, those that other lookups wait for, and the declared keys that are too old.
    ///
    /// Where none of this lookup's keys is too old, they are of several moments, and all declared keys are fetched. Else two
    /// readers whose keys overlap would fetch them in turn for ever.
    fn to_fetch(&self, locked: &Locked, now: u64) -> Vec<Key> {
        let mut wanted: KeyMap<()> = self.keys.iter().map(|key| ((*key).clone(), ())).collect();
        let free = |key: &&Key| !locked.in_flight.contains_key(*key);
        let others = locked.waiting.values().flatten().filter(free);
        wanted.extend(others.map(|key| (key.clone(), ())));
        if self.state.fill_together() {
            let mut prefixes: Vec<&str> = self.keys.iter().map(|key| key.prefix()).collect();
            prefixes.sort_unstable();
            prefixes.dedup();
            let declared = prefixes.iter().filter_map(|prefix| locked.declared.get(*prefix)).flat_map(KeyMap::keys);
            let mixed = self.keys.iter().all(|key| self.state.is_fresh(key, now));
            let due = declared.filter(free).filter(|key| mixed || !self.state.is_fresh(key, now));
            wanted.extend(due.map(|key| (key.clone(), ())));
        }
        wanted.into_keys().collect()
    }

    /// The answer, from how the fetch ended. `None`: take the next step.
    pub(super) fn answer(&mut self, end: End) -> Option<Result<Answer>> {
        let Self { state, keys, asked, .. } = *self;
        Some(match end? {
            Ok(fetched) => {
                if keys.iter().any(|key| fetched.changed.contains_key(*key)) {
                    self.retries += 1;
                    if self.retries <= MAX_RETRIES {
                        return None;
                    }
                    // The entries of these keys may be older than this answer.
                    state.drop_keys(keys.iter().copied(), false);
                }
                let stored = keys.iter().map(|key| fetched.found.get(*key).cloned().ok_or_else(too_few));
                let age = asked.saturating_sub(fetched.began).saturating_add(fetched.older);
                stored.collect::<Result<_>>().map(|stored| Answer { stored, age })
            }
            Err(error) => match state.last_known(keys, asked, state.time.now()) {
                Some(found) => {
                    state.counters.add(CacheEvent::StaleServed, keys.len() as u64);
                    Ok(found)
                }
                None => Err(error),
            },
        })
    }
}

impl Drop for Lookup<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.waiting {
            self.state.lock().waiting.remove(&number);
        }
    }
}

/// The fetch of another lookup.
pub(super) struct Joined {
    fetch: Arc<Fetch>,
    /// Whether it has all keys of this lookup.
    has_all: bool,
}

impl Joined {
    /// Blocks this thread until the end. `None` where this lookup has to take another step.
    pub(super) fn wait(self) -> End {
        self.fetch.wait().filter(|_| self.has_all)
    }

    #[cfg(test)]
    pub(super) fn has_ended(&self) -> bool {
        self.fetch.has_ended()
    }

    /// Waits in a task, and polls the fetch meanwhile.
    #[cfg(feature = "tokio")]
    pub(super) async fn ended(self) -> End {
        FetchWaiter::new(self.fetch).ended().await.filter(|_| self.has_all)
    }
}

/// The duty to make a fetch. Dropped before it has finished, by a panic or with its future, it lets those that wait make their
/// own.
pub(super) struct FetchOwner {
    state: Arc<State>,
    fetch: Arc<Fetch>,
    finished: bool,
}

impl FetchOwner {
    pub(super) fn keys(&self) -> &[Key] {
        &self.fetch.keys
    }

    /// Stores what the backend answered, and ends the fetch.
    pub(super) fn finish(mut self, found: Result<(Vec<Stored>, Duration)>) -> End {
        let Self { state, fetch, .. } = &self;
        let outcome: Outcome = match found {
            Ok((found, _)) if found.len() != fetch.keys.len() => Err(too_few()),
            Ok((found, age)) => {
                let (found, began, older) = (fetch.keys.iter().cloned().zip(found).collect(), fetch.began, nanos(age));
                let changed = state.finish(fetch, &found, older);
                if !changed.is_empty() {
                    state.counters.add(CacheEvent::LeaseLost, changed.len() as u64);
                }
                Ok(Arc::new(Fetched { found, changed, began, older }))
            }
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            state.note_failure();
            state.abandon(fetch);
        }
        fetch.end(Some(outcome.clone()));
        #[cfg(feature = "metrics")]
        state.counters.publish();
        self.finished = true;
        Some(outcome)
    }

    /// Fetches in a task, together with all tasks that wait for it.
    #[cfg(feature = "tokio")]
    pub(super) async fn ended<B: AsyncBackend + 'static>(self, backend: Arc<B>) -> End {
        let fetch = Arc::clone(&self.fetch);
        let future = async move {
            let found = backend.read_with_age(&self.keys().iter().collect::<Vec<_>>()).await;
            self.finish(found);
        };
        FetchWaiter::start(fetch, Box::pin(future)).ended().await
    }
}

impl Drop for FetchOwner {
    fn drop(&mut self) {
        if !self.finished {
            self.state.abandon(&self.fetch);
            self.fetch.end(None);
        }
    }
}

#[cold]
fn too_few() -> Error {
    Error::new(ErrorKind::Contract).with_detail("a read did not give one answer for each key")
}
