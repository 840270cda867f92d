//! Readers, writers, other processes, feeds and failures in every order on a small scale, and in two thousand random orders
//! on a larger one. The state does no I/O, so that one thread plays all of them, step by step, and each run can be
//! repeated from its seed.
#![allow(clippy::expect_used)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use constance_core::testing::ManualClock;
use constance_core::{
    Error, ErrorKind, Prefix,
    backend::{Batch, Change, Encoded, Key, Stored},
};

use super::fetch::End;
use super::invalidation::InFlightWrite;
use super::lookup::{FetchOwner, Joined, Lookup, Next};
use super::state::{Lifetime, State};
use super::time::{NEVER, Time};
use crate::{CacheEvent, Counters};

/// What one actor does, as often as it says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    /// Reads these keys through the cache.
    Reads(&'static [usize]),
    /// Writes both keys through the cache: the store, then the reply.
    Writes,
    /// The same, but the reply is lost, or the writer dies before it arrives.
    WritesAndFails,
    WritesAndDies,
    /// Another process writes both keys, and a feed tells of it.
    ElsewhereWithFeed,
    /// Reads, but the fetch fails, or the thread dies in it.
    ReadsAndFails,
    ReadsAndDies,
}

use Role::{ElsewhereWithFeed, Reads, ReadsAndDies, ReadsAndFails, Writes, WritesAndDies, WritesAndFails};

/// Where an actor is.
enum At<'a> {
    Idle,
    /// Lookup, from a moment when this was the newest version that it has to see.
    Lookup(Lookup<'a>, u64),
    Joined(Lookup<'a>, u64, Joined),
    Fetching(Lookup<'a>, u64, FetchOwner),
    Fetched(Lookup<'a>, u64, FetchOwner, Vec<Stored>),
    InFlightWrite(InFlightWrite<'a>),
    Written(InFlightWrite<'a>, u64),
    /// Another process has written this version, and the feed is about to tell.
    Telling(u64),
}

/// One run: the store, in which both keys always have the same version, and what every reader must see at least.
struct World<'a> {
    state: &'a Arc<State>,
    keys: [&'a Key; 2],
    sets: &'a HashMap<&'static [usize], Vec<&'a Key>>,
    batch: &'a Batch,
    prefix: &'a Prefix,
    stored: u64,
    /// The newest version whose write has returned, or of which the feed has told.
    settled: u64,
    /// The newest version of each key that any reader was given: a `live()` hands it out, and is not to go back.
    given: [u64; 2],
    fetches: usize,
}

impl<'a> World<'a> {
    /// Does the next step of an actor. `None`: it waits for somebody else. `Some(true)`: it is done with one round.
    fn step(&mut self, role: Role, at: &mut At<'a>) -> Option<bool> {
        *at = match std::mem::replace(at, At::Idle) {
            At::Idle => match role {
                Reads(_) | ReadsAndFails | ReadsAndDies => {
                    let set = keys_of(role);
                    let least = self.least(set);
                    match self.state.ask(&self.sets[set]) {
                        Ok(found) => return Some(self.check(set, &found.stored, least)),
                        Err(lookup) => At::Lookup(lookup, least),
                    }
                }
                Writes | WritesAndFails | WritesAndDies => {
                    At::InFlightWrite(InFlightWrite::new(self.state, self.batch))
                }
                ElsewhereWithFeed => {
                    self.stored += 1;
                    At::Telling(self.stored)
                }
            },
            At::Lookup(mut lookup, least) => match lookup.next() {
                Next::Answer(found) => return Some(self.check(keys_of(role), &found.stored, least)),
                Next::Wait(waiting) => At::Joined(lookup, least, waiting),
                Next::Fetch(owner) => At::Fetching(lookup, least, owner),
            },
            At::Joined(lookup, least, waiting) => {
                if !waiting.has_ended() {
                    *at = At::Joined(lookup, least, waiting);
                    return None;
                }
                return Some(self.answered(role, at, lookup, least, waiting.wait()));
            }
            At::Fetching(lookup, least, owner) => {
                self.fetches += 1;
                match role {
                    ReadsAndDies => {
                        drop((owner, lookup));
                        return Some(true);
                    }
                    ReadsAndFails => {
                        let end = owner.finish(Err(Error::new(ErrorKind::Timeout)));
                        return Some(self.answered(role, at, lookup, least, end));
                    }
                    _ => {
                        let found = owner.keys().iter().map(|_| value(self.stored)).collect();
                        At::Fetched(lookup, least, owner, found)
                    }
                }
            }
            At::Fetched(lookup, least, owner, found) => {
                let end = owner.finish(Ok((found, Duration::ZERO)));
                return Some(self.answered(role, at, lookup, least, end));
            }
            At::InFlightWrite(writing) => {
                self.stored += 1;
                At::Written(writing, self.stored)
            }
            At::Written(writing, version) => {
                match role {
                    WritesAndFails => drop(writing.end(Err(Error::new(ErrorKind::Timeout)))),
                    WritesAndDies => drop(writing),
                    _ => drop(writing.end(Ok(constance_core::backend::Applied::Done(Vec::new())))),
                }
                self.settled = self.settled.max(version);
                return Some(true);
            }
            At::Telling(version) => {
                self.state.drop_under(self.prefix);
                self.settled = self.settled.max(version);
                return Some(true);
            }
        };
        Some(false)
    }

    /// What a reader of these keys that begins now has to see at least.
    fn least(&self, keys: &[usize]) -> u64 {
        keys.iter().map(|key| self.given[*key]).fold(self.settled, u64::max)
    }

    fn answered(&mut self, role: Role, at: &mut At<'a>, mut lookup: Lookup<'a>, least: u64, end: End) -> bool {
        match lookup.answer(end) {
            None => *at = At::Lookup(lookup, least),
            Some(Ok(found)) => return self.check(keys_of(role), &found.stored, least),
            Some(Err(error)) => assert_eq!(error.kind(), ErrorKind::Timeout, "the failure that somebody had"),
        }
        matches!(at, At::Idle)
    }

    /// A reader sees nothing older than what was settled, or given to any reader, when it began, and both keys of one moment.
    fn check(&mut self, keys: &[usize], found: &[Stored], least: u64) -> bool {
        let versions: Vec<u64> = found.iter().map(version).collect();
        assert!(versions.iter().all(|version| *version == versions[0]), "torn: {versions:?}");
        assert!(versions[0] >= least, "{} was settled or given, and {} was read", least, versions[0]);
        keys.iter().for_each(|key| self.given[*key] = self.given[*key].max(versions[0]));
        true
    }
}

/// What a reader asks for.
fn keys_of(role: Role) -> &'static [usize] {
    if let Reads(set) = role { set } else { &[0, 1] }
}

fn value(version: u64) -> Stored {
    Stored::Value(Encoded::from(version.to_be_bytes().to_vec()))
}

fn version(stored: &Stored) -> u64 {
    let bytes = stored.value().expect("both keys are set").as_bytes();
    u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}

/// Plays these actors, each for so many rounds. `choose` picks one of so many that could go on.
fn play(roles: &[Role], rounds: usize, declared: bool, mut choose: impl FnMut(usize) -> usize) {
    let prefix = Prefix::new("shop:").expect("a prefix");
    let keys = [prefix.key("a").expect("a key"), prefix.key("b").expect("a key")];
    let [a, b] = [&keys[0], &keys[1]];
    let sets: HashMap<&'static [usize], Vec<&Key>> =
        HashMap::from([(&[0][..], vec![a]), (&[1][..], vec![b]), (&[0, 1][..], vec![a, b]), (&[1, 0][..], vec![b, a])]);
    let change = |key: &Key| Change::set(key.clone(), Encoded::from(Vec::new()));
    let batch = Batch::new(keys.iter().map(change).collect()).expect("no key twice");
    let lifetime =
        Lifetime { ttl: NEVER, jitter: 0, stale: 0, follows: false, backend_remembers: false, fill_together: declared };
    let state = Arc::new(State::new(lifetime, Time::Coarse, Counters::new()));
    if declared {
        state.declare(&keys);
    }
    let (keys, sets) = ([a, b], &sets);
    let mut world = World {
        state: &state,
        keys,
        sets,
        batch: &batch,
        prefix: &prefix,
        stored: 1,
        settled: 1,
        given: [1; 2],
        fetches: 0,
    };
    let mut actors: Vec<(Role, At<'_>, usize)> = roles.iter().map(|role| (*role, At::Idle, rounds)).collect();
    loop {
        let ready: Vec<usize> = (0..actors.len())
            .filter(|i| match &actors[*i] {
                (_, At::Idle, left) => *left > 0,
                (_, At::Joined(_, _, waiting), _) => waiting.has_ended(),
                _ => true,
            })
            .collect();
        if ready.is_empty() {
            break;
        }
        let (role, at, left) = &mut actors[ready[choose(ready.len())]];
        if world.step(*role, at) == Some(true) {
            *left -= 1;
        }
    }
    // Nobody may be left waiting for a fetch that nobody makes.
    for (role, at, left) in &actors {
        assert!(matches!(at, At::Idle) && *left == 0, "{role:?} waits for ever");
    }
    drop(actors);
    assert!(state.is_idle(), "a fetch or a place in the queue was left behind");
    // When all is quiet, the cache holds what the store holds.
    world.settled = world.stored;
    let counts = state.counters.counts();
    assert_eq!(counts.fetches, world.fetches as u64);
    assert!(counts.hits + counts.misses >= 1 || roles.iter().all(|role| !matches!(role, Reads(_))));
    for set in sets.values() {
        if let Some((found, CacheEvent::Hit)) = state.remembered(set, 0, 0) {
            world.check(&[], &found.stored, world.stored);
        }
    }
    for key in world.keys {
        state.hit(key, |stored| assert_eq!(version(stored), world.stored));
    }
}

/// Every order of these actors' steps.
fn play_all(roles: &[Role], declared: bool) -> usize {
    let mut path: Vec<(usize, usize)> = Vec::new();
    let mut runs = 0;
    loop {
        let mut depth = 0;
        play(roles, 1, declared, |ready| {
            if depth == path.len() {
                path.push((0, ready));
            }
            let (chosen, of) = path[depth];
            assert_eq!(of, ready, "a run can be repeated");
            depth += 1;
            chosen
        });
        runs += 1;
        // The next path: the last choice that has another one left.
        while let Some((chosen, of)) = path.pop() {
            if chosen + 1 < of {
                path.push((chosen + 1, of));
                break;
            }
        }
        if path.is_empty() {
            return runs;
        }
    }
}

const BOTH: Role = Reads(&[0, 1]);

#[test]
fn every_order_of_a_few() {
    let casts: [&[Role]; 9] = [
        &[BOTH, Writes, BOTH],
        &[Reads(&[0]), BOTH, Writes],
        &[Reads(&[0]), Reads(&[1, 0]), ElsewhereWithFeed],
        &[BOTH, WritesAndFails, Reads(&[1])],
        &[BOTH, WritesAndDies, Reads(&[1])],
        &[ReadsAndFails, BOTH, Writes],
        &[ReadsAndDies, BOTH, Reads(&[0])],
        &[ReadsAndDies, ReadsAndFails, Writes],
        &[Writes, Writes, BOTH],
    ];
    for (cast, declared) in casts.iter().flat_map(|cast| [(cast, false), (cast, true)]) {
        let runs = play_all(cast, declared);
        assert!(runs > 30, "{cast:?}: only {runs} orders");
    }
}

#[test]
fn two_thousand_random_orders_of_many() {
    let cast = [
        BOTH,
        Reads(&[0]),
        Reads(&[1]),
        Reads(&[1, 0]),
        BOTH,
        Writes,
        WritesAndFails,
        WritesAndDies,
        ElsewhereWithFeed,
        ReadsAndFails,
        ReadsAndDies,
    ];
    for seed in 1..=2_048_u64 {
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // Each run leaves some of them out, so that those that remain meet in other ways.
        let some: Vec<Role> =
            cast.iter().copied().enumerate().filter(|(i, _)| seed >> i & 1 == 1).map(|(_, r)| r).collect();
        if some.is_empty() {
            continue;
        }
        play(&some, 6, seed % 2 == 0, |ready| {
            // xorshift64*
            random ^= random >> 12;
            random ^= random << 25;
            random ^= random >> 27;
            (random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % ready
        });
    }
}

/// Who missed before a fetch finished, and comes to fetch after it, does not fetch again.
#[test]
fn a_late_comer_finds_what_was_fetched() {
    let key = Prefix::empty().key("a").expect("a key");
    let lifetime =
        Lifetime { ttl: NEVER, jitter: 0, stale: 0, follows: false, backend_remembers: false, fill_together: false };
    let state = Arc::new(State::new(lifetime, Time::Coarse, Counters::new()));
    let keys = [&key];
    let mut early = state.ask(&keys).expect_err("nothing is there");
    let mut late = state.ask(&keys).expect_err("nothing is there");
    let Next::Fetch(owner) = early.next() else { panic!("nobody else fetches it") };
    owner.finish(Ok((vec![value(1)], Duration::ZERO)));
    let Next::Answer(found) = late.next() else { panic!("it was fetched") };
    assert_eq!(found.stored, [value(1)]);
    assert_eq!(state.counters.counts().fetches, 1);
}

/// Those whose keys are partly on their way share the fetch after it.
#[test]
fn overlapping_questions_are_one_more_fetch() {
    let prefix = Prefix::empty();
    let keys: Vec<Key> = (0..10).map(|i| prefix.key(&format!("k{i}")).expect("a key")).collect();
    let lifetime =
        Lifetime { ttl: NEVER, jitter: 0, stale: 0, follows: false, backend_remembers: false, fill_together: false };
    let state = Arc::new(State::new(lifetime, Time::Coarse, Counters::new()));
    let first = [&keys[0]];
    let mut lookup = state.ask(&first).expect_err("nothing is there");
    let Next::Fetch(owner) = lookup.next() else { panic!("nobody else fetches it") };
    let sets: Vec<[&Key; 2]> = keys[1..].iter().map(|key| [&keys[0], key]).collect();
    let mut waiting: Vec<_> = sets
        .iter()
        .map(|set| {
            let mut lookup = state.ask(set).expect_err("nothing is there");
            let Next::Wait(waiting) = lookup.next() else { panic!("one of its keys is on its way") };
            (lookup, waiting)
        })
        .collect();
    owner.finish(Ok((vec![value(1)], Duration::ZERO)));
    let (mut leader, _) = waiting.remove(4);
    let Next::Fetch(owner) = leader.next() else { panic!("somebody has to make the next fetch") };
    assert_eq!(owner.keys().len(), 10, "for all of them");
    for (mut lookup, _) in waiting {
        assert!(matches!(lookup.next(), Next::Wait(_)), "it is on its way");
    }
    let found = owner.keys().iter().map(|_| value(2)).collect();
    let end = owner.finish(Ok((found, Duration::ZERO)));
    assert_eq!(leader.answer(end).expect("an end").expect("found").stored, [value(2), value(2)]);
    for set in &sets {
        assert!(state.ask(set).is_ok());
    }
    assert_eq!(state.counters.counts().fetches, 2);
}

/// A fetch that hangs for longer than a value is served for is joined by nobody who comes then, and brings nothing back.
#[test]
fn a_fetch_that_hangs_is_not_joined_for_ever() {
    let second = Duration::from_secs(1);
    for (ttl, joined) in [(0, second), (5 * second.as_nanos() as u64, 5 * second), (NEVER, 60 * second)] {
        let clock = Arc::new(ManualClock::new());
        let key = Prefix::empty().key("a").expect("a key");
        let lifetime =
            Lifetime { ttl, jitter: 0, stale: 0, follows: false, backend_remembers: false, fill_together: false };
        let state = Arc::new(State::new(lifetime, Time::Given(clock.clone()), Counters::new()));
        let keys = [&key];
        let mut hanging = state.ask(&keys).expect_err("nothing is there");
        let Next::Fetch(hangs) = hanging.next() else { panic!("nobody else fetches it") };
        clock.advance(joined - Duration::from_nanos(1));
        let mut early = state.ask(&keys).expect_err("nothing is there");
        let Next::Wait(waiting) = early.next() else { panic!("it is joined") };
        clock.advance(Duration::from_nanos(1));
        let mut late = state.ask(&keys).expect_err("nothing is there");
        let Next::Fetch(owner) = late.next() else { panic!("it began too long ago") };
        owner.finish(Ok((vec![value(2)], Duration::ZERO)));
        hangs.finish(Ok((vec![value(1)], Duration::ZERO)));
        assert!(
            early.answer(waiting.wait()).is_none(),
            "it has to ask again: others may have been given what is newer"
        );
        drop(early);
        assert_eq!(state.hit(&key, version), (ttl > 0).then_some(2));
        assert!(state.is_idle());
    }
}

/// What was read late by a fetch that a change had taken its keys from is newer than what the fetch after it found. Whoever
/// was given it would see a step back.
#[test]
fn what_a_dropped_fetch_has_read_late_is_given_to_nobody() {
    let prefix = Prefix::empty();
    let key = prefix.key("a").expect("a key");
    let lifetime =
        Lifetime { ttl: NEVER, jitter: 0, stale: 0, follows: true, backend_remembers: false, fill_together: false };
    let state = Arc::new(State::new(lifetime, Time::Coarse, Counters::new()));
    let keys = [&key];
    let found = |version| Ok((vec![value(version)], Duration::ZERO));
    let mut live = state.ask(&keys).expect_err("nothing is there");
    let Next::Fetch(slow) = live.next() else { panic!("nobody else fetches it") };
    state.drop_under(&prefix);
    let mut other = state.ask(&keys).expect_err("it was dropped");
    let Next::Fetch(quick) = other.next() else { panic!("nobody joins a fetch from before the change") };
    // The quick one has read the second version, then the third is stored, which the slow one reads.
    let end = slow.finish(found(3));
    assert!(live.answer(end).is_none(), "it has to ask again");
    let Next::Wait(waiting) = live.next() else { panic!("it is on its way") };
    quick.finish(found(2));
    assert_eq!(live.answer(waiting.wait()).expect("an end").expect("found").stored, [value(2)]);
    assert_eq!(state.ask(&keys).ok().map(|answer| answer.stored), Some(vec![value(2)]), "and no reader goes back");
}

/// Where changes come faster than a fetch, a reader is answered all the same, and nobody after it is given what is older.
#[test]
fn a_reader_that_is_always_overtaken_is_answered() {
    let prefix = Prefix::empty();
    let key = prefix.key("a").expect("a key");
    let lifetime =
        Lifetime { ttl: NEVER, jitter: 0, stale: 0, follows: true, backend_remembers: false, fill_together: false };
    let state = Arc::new(State::new(lifetime, Time::Coarse, Counters::new()));
    let keys = [&key];
    let mut lookup = state.ask(&keys).expect_err("nothing is there");
    let mut version = 0;
    let answer = loop {
        let Next::Fetch(owner) = lookup.next() else { panic!("nobody else fetches it") };
        state.drop_under(&prefix);
        version += 2;
        // Another one is on its way with what is older.
        let mut other = state.ask(&keys).expect_err("it was dropped");
        let Next::Fetch(older) = other.next() else { panic!("nobody joins a fetch from before the change") };
        let end = owner.finish(Ok((vec![value(version)], Duration::ZERO)));
        if let Some(answer) = lookup.answer(end) {
            let end = older.finish(Ok((vec![value(version - 1)], Duration::ZERO)));
            assert!(other.answer(end).is_none(), "what is older is given to nobody");
            break answer;
        }
        drop(older);
    };
    assert_eq!(answer.expect("found").stored, [value(version)]);
    assert!(state.ask(&keys).is_err(), "nor remembered");
}
