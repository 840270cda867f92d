//! One question, from a miss to its answer: which fetch to make, or whose to wait for.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "tokio")]
use constance_core::aio::AsyncBackend;
use constance_core::{Error, ErrorKind, Key, KeyMap, Result, Stored};

#[cfg(feature = "tokio")]
use super::drive::Rider;
use super::flight::{Answer, End, Flight, Landed, Outcome};
use super::state::{State, Work};
use super::time::nanos;
use crate::CacheEvent;

/// A question that the cache could not answer at once.
pub(super) struct Asking<'a> {
    state: &'a Arc<State>,
    keys: &'a [&'a Key],
    /// When it was asked.
    asked: u64,
    /// How often what was fetched for it has been changed meanwhile.
    lost: u32,
    /// Its place among those for whom the next fetch is made, once it had to wait for one that does not have all its keys.
    ticket: Option<u64>,
}

/// How often a question is asked again whose keys were changed while they were fetched: where that goes on, what was fetched
/// is better than no answer.
const MOST_LOST: u32 = 3;

/// What to do next about a question.
pub(super) enum Next {
    /// Somebody has fetched it meanwhile.
    Answer(Answer),
    /// Wait for a fetch under way.
    Wait(Waiting),
    /// Ask the backend.
    Fetch(Lead),
}

impl State {
    /// Answers a question from what is remembered.
    pub(super) fn ask<'a>(self: &'a Arc<Self>, keys: &'a [&'a Key]) -> Result<Answer, Asking<'a>> {
        let (count, asked) = (keys.len() as u64, self.time.now());
        if let Some((found, event)) = self.remembered(keys, asked, asked) {
            self.counters.add(event, count);
            return Ok(found);
        }
        self.counters.add(CacheEvent::Miss, count);
        Err(Asking { state: self, keys, asked, lost: 0, ticket: None })
    }
}

impl Asking<'_> {
    pub(super) fn next(&mut self) -> Next {
        let Self { state, keys, asked, .. } = *self;
        let now = state.time.now();
        let mut work = state.work();
        state.begin_anew_in_a_child(&mut work);
        // A flight may have landed since the look without the lock.
        if let Some((found, event)) = state.remembered(keys, asked, now) {
            drop(work);
            if event == CacheEvent::StaleServed {
                state.counters.add(event, keys.len() as u64);
            }
            return Next::Answer(found);
        }
        // What takes so long, or is driven by nobody, would give an answer that is too old by now.
        for key in keys {
            if work.in_flight.get(*key).is_some_and(|flight| state.is_outlived(flight.began, now)) {
                work.in_flight.remove(*key);
            }
        }
        let Some(flight) = keys.iter().find_map(|key| work.in_flight.get(*key)).map(Arc::clone) else {
            let wanted = self.to_fetch(&work, now);
            let flight = work.register(wanted, now);
            drop(work);
            // Before anything that may panic, such as an observer: others wait for it from here on.
            let lead = Lead { state: Arc::clone(state), flight, landed: false };
            state.counters.add(CacheEvent::Fetch, 1);
            return Next::Fetch(lead);
        };
        let all_aboard = |key: &&Key| work.in_flight.get(*key).is_some_and(|other| Arc::ptr_eq(other, &flight));
        if keys.iter().all(all_aboard) {
            return Next::Wait(Waiting { flight, has_all: true });
        }
        // Some of the keys are on their way, and all of them have to come from one fetch. It is made when that one has
        // ended, for everybody who waits by then.
        if self.ticket.is_none() {
            let ticket = work.number();
            work.waiting.insert(ticket, keys.iter().map(|key| (*key).clone()).collect());
            self.ticket = Some(ticket);
        }
        Next::Wait(Waiting { flight, has_all: false })
    }

    /// The keys of a fetch: those that are asked for, those that others wait for, and the declared ones that are too old.
    ///
    /// Where none of those that are asked for is too old, they are of several moments, and all declared ones are fetched:
    /// else two readers whose keys overlap would take them from each other again and again.
    fn to_fetch(&self, work: &Work, now: u64) -> Vec<Key> {
        let mut wanted: KeyMap<()> = self.keys.iter().map(|key| ((*key).clone(), ())).collect();
        let free = |key: &&Key| !work.in_flight.contains_key(*key);
        let others = work.waiting.values().flatten().filter(free);
        wanted.extend(others.map(|key| (key.clone(), ())));
        if self.state.together() {
            let mut prefixes: Vec<&str> = self.keys.iter().map(|key| key.prefix()).collect();
            prefixes.sort_unstable();
            prefixes.dedup();
            let declared = prefixes.iter().filter_map(|prefix| work.declared.get(*prefix)).flat_map(KeyMap::keys);
            let mixed = self.keys.iter().all(|key| self.state.is_fresh(key, now));
            let due = declared.filter(free).filter(|key| mixed || !self.state.is_fresh(key, now));
            wanted.extend(due.map(|key| (key.clone(), ())));
        }
        wanted.into_keys().collect()
    }

    /// The answer, from how the fetch ended; `None`: ask again.
    pub(super) fn answer(&mut self, end: End) -> Option<Result<Answer>> {
        let Self { state, keys, asked, .. } = *self;
        Some(match end? {
            Ok(landed) => {
                if keys.iter().any(|key| landed.lost.contains_key(*key)) {
                    self.lost += 1;
                    if self.lost <= MOST_LOST {
                        return None;
                    }
                    // Whatever else is known of them may be older than this.
                    state.drop_keys(keys.iter().copied(), false);
                }
                let stored = keys.iter().map(|key| landed.found.get(*key).cloned().ok_or_else(too_few));
                let age = asked.saturating_sub(landed.began).saturating_add(landed.older);
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

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.state.work().waiting.remove(&ticket);
        }
    }
}

/// Somebody else's fetch.
pub(super) struct Waiting {
    flight: Arc<Flight>,
    /// Whether it has all the keys that are asked for.
    has_all: bool,
}

impl Waiting {
    /// Waits in this thread. Nothing is found where one has to ask again.
    pub(super) fn wait(self) -> End {
        self.flight.wait().filter(|_| self.has_all)
    }

    #[cfg(test)]
    pub(super) fn has_ended(&self) -> bool {
        self.flight.has_ended()
    }

    /// Waits in a task, and drives the fetch meanwhile.
    #[cfg(feature = "tokio")]
    pub(super) async fn ended(self) -> End {
        Rider::new(self.flight).ended().await.filter(|_| self.has_all)
    }
}

/// A fetch to be made. Dropped before it has landed, by a panic or with its future, it lets those who wait try themselves.
pub(super) struct Lead {
    state: Arc<State>,
    flight: Arc<Flight>,
    landed: bool,
}

impl Lead {
    pub(super) fn keys(&self) -> &[Key] {
        &self.flight.keys
    }

    /// Takes what the backend said.
    pub(super) fn land(mut self, found: Result<(Vec<Stored>, Duration)>) -> End {
        let Self { state, flight, .. } = &self;
        let outcome: Outcome = match found {
            Ok((found, _)) if found.len() != flight.keys.len() => Err(too_few()),
            Ok((found, age)) => {
                let (found, began, older) =
                    (flight.keys.iter().cloned().zip(found).collect(), flight.began, nanos(age));
                let lost = state.land(flight, &found, older);
                if !lost.is_empty() {
                    state.counters.add(CacheEvent::LeaseLost, lost.len() as u64);
                }
                Ok(Arc::new(Landed { found, lost, began, older }))
            }
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            state.failed();
            state.abandon(flight);
        }
        flight.end(Some(outcome.clone()));
        #[cfg(feature = "metrics")]
        state.counters.publish();
        self.landed = true;
        Some(outcome)
    }

    /// Fetches in a task, together with all who wait for it.
    #[cfg(feature = "tokio")]
    pub(super) async fn ended<B: AsyncBackend + 'static>(self, backend: Arc<B>) -> End {
        let flight = Arc::clone(&self.flight);
        let fetch = async move {
            let found = backend.read_with_age(&self.keys().iter().collect::<Vec<_>>()).await;
            self.land(found);
        };
        Rider::start(flight, Box::pin(fetch)).ended().await
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if !self.landed {
            self.state.abandon(&self.flight);
            self.flight.end(None);
        }
    }
}

#[cold]
fn too_few() -> Error {
    Error::new(ErrorKind::Contract).with_detail("a read did not give one answer for each key")
}
