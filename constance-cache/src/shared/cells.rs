//! The cells of the keys: their names, the parts of the store, and the steps of the protocol.

use std::sync::Arc;
use std::time::Duration;

use constance_core::{
    Clock, Error, ErrorKind, Result,
    backend::{Encoded, Key, Stored},
};

use super::circuit_breaker::CircuitBreaker;
use super::hash::stable_hash;
use super::record::{Look, Mark, Record, Timed, Times};
use super::wire::{Entry, FORMAT, decode, encode, own};
use crate::counters::{CacheEvent, Counters};
use crate::store::{CacheStore, Seen, Swap, SwapFrom, Version, unique_id};

/// How often a step is taken again, where others keep changing the cell.
const TRIES: usize = 8;

/// A store and what is known of its health.
#[derive(Debug)]
pub(super) struct Cells<C> {
    pub(super) store: C,
    pub(super) times: Times,
    namespace: String,
    clock: Arc<dyn Clock>,
    breakers: Vec<CircuitBreaker>,
    counters: Counters,
}

/// What the cache says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// What is stored, the number of the cell that says so, and how long ago it was filled.
    Hit(Entry, u64, Duration),
    /// Nothing is there.
    Vacant,
    /// The store's answer may go where this was.
    Lease(Lease),
    /// The store is to be asked, and that is all.
    Busy,
}

/// The right to fill a cell, as long as it is still the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    version: Version,
    known: bool,
    /// There was a value, and its probation is over.
    pub(super) settles: bool,
}

/// A writer's marks: of which key, and what was put there.
pub(super) type Marks = Vec<(Key, Timed<Entry>, Version)>;

impl<C: CacheStore> Cells<C> {
    pub(super) fn new(
        store: C,
        times: Times,
        namespace: String,
        clock: Arc<dyn Clock>,
        retry_after: Duration,
        counters: Counters,
    ) -> Self {
        let breakers = (0..store.parts().max(1)).map(|_| CircuitBreaker::new(retry_after)).collect();
        Self { store, times, namespace, clock, breakers, counters }
    }

    /// The cell's name. What a cache would refuse becomes a hash; the whole key is in the cell and is compared.
    pub(super) fn name(&self, key: &str) -> String {
        let (space, format) = (&self.namespace, char::from(FORMAT));
        if key.len() <= 140 && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return format!("{space}:{format}:k:{key}");
        }
        let halves = [b"a", b"b"].map(|half| stable_hash(&[half, key.as_bytes()]));
        format!("{space}:{format}:h:{:016x}{:016x}", halves[0], halves[1])
    }

    /// What is kept in the cache about the cache itself: never among the names of keys.
    pub(super) fn own_name(&self, what: &str) -> String {
        format!("{}:{}:o:{what}", self.namespace, char::from(FORMAT))
    }

    fn part_of(&self, name: &str) -> usize {
        match self.breakers.len() {
            1 => 0,
            parts => self.store.part_of(name).min(parts - 1),
        }
    }

    /// The places of keys by part, parts without keys left out.
    fn by_part(&self, names: &[String]) -> Vec<(usize, Vec<usize>)> {
        if self.breakers.len() == 1 {
            return vec![(0, (0..names.len()).collect())];
        }
        let mut parts = vec![Vec::new(); self.breakers.len()];
        for (at, name) in names.iter().enumerate() {
            parts[self.part_of(name)].push(at);
        }
        parts.into_iter().enumerate().filter(|(_, places)| !places.is_empty()).collect()
    }

    /// Notes how a call of the store ended.
    fn noted<T>(&self, part: usize, result: Result<T>) -> Result<T> {
        match &result {
            Ok(_) => self.breakers[part].answered(),
            Err(_) => {
                self.breakers[part].failed(self.clock.now());
                self.counters.add(CacheEvent::CacheError, 1);
            }
        }
        result
    }

    fn is_paused(&self, part: usize) -> bool {
        !self.breakers[part].allows(|| self.clock.now())
    }

    fn read(&self, part: usize, names: &[&str]) -> Result<Vec<Seen>> {
        let seen = self.noted(part, self.store.read(names))?;
        if seen.len() == names.len() { Ok(seen) } else { Err(out_of_step()) }
    }

    fn swap(&self, part: usize, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>> {
        let swapped = self.noted(part, self.store.swap(swaps))?;
        if swapped.len() == swaps.len() { Ok(swapped) } else { Err(out_of_step()) }
    }

    /// What the cache says of these keys. If it says it of all of them, that was so at one moment.
    pub(super) fn look(&self, keys: &[&Key]) -> Vec<Finding> {
        let names: Vec<String> = keys.iter().map(|key| self.name(key.as_str())).collect();
        let parts = self.by_part(&names);
        let mut findings = vec![Finding::Busy; keys.len()];
        for (part, places) in &parts {
            if self.is_paused(*part) {
                continue;
            }
            let asked: Vec<&str> = places.iter().map(|at| &*names[*at]).collect();
            for (at, seen) in places.iter().zip(self.read(*part, &asked).unwrap_or_default()) {
                findings[*at] = self.finding(keys[*at], seen);
            }
        }
        if parts.len() > 1 && findings.iter().all(|finding| matches!(finding, Finding::Hit(..))) {
            self.look_again(&names, &parts[..parts.len() - 1], &mut findings);
        }
        findings
    }

    /// Several servers were asked one after the other. What is still there after the last of them was there with it.
    fn look_again(&self, names: &[String], parts: &[(usize, Vec<usize>)], findings: &mut [Finding]) {
        for (part, places) in parts {
            let asked: Vec<&str> = places.iter().map(|at| &*names[*at]).collect();
            let seen = self.read(*part, &asked).unwrap_or_else(|_| vec![Seen::Moved; places.len()]);
            for (at, seen) in places.iter().zip(seen) {
                let same = match (&findings[*at], &seen) {
                    (Finding::Hit(_, was, _), Seen::Cell(cell)) => own(&cell.bytes) == Some(*was),
                    _ => false,
                };
                if !same {
                    findings[*at] = Finding::Busy;
                }
            }
        }
    }

    fn finding(&self, key: &Key, seen: Seen) -> Finding {
        let cell = match seen {
            Seen::Cell(cell) => cell,
            Seen::Vacant => return Finding::Vacant,
            Seen::Moved => return Finding::Busy,
        };
        let (version, number) = (cell.version, own(&cell.bytes).unwrap_or_default());
        // What is no record may be replaced.
        let Some(timed) = decode(key.as_str(), cell.bytes, cell.left) else {
            return Finding::Lease(Lease { version, known: false, settles: false });
        };
        match self.times.look(&timed) {
            Look::Hit(entry) => Finding::Hit(entry.clone(), number, self.times.age(&timed)),
            Look::Lease { known } => {
                let settles = matches!(timed.record, Record::Value { .. });
                Finding::Lease(Lease { version, known, settles })
            }
            Look::Busy => Finding::Busy,
        }
    }

    /// Puts a gap where nothing was, so that a fill can replace it by its version.
    pub(super) fn occupy(&self, keys: &[&Key], findings: &mut [Finding]) {
        let places: Vec<usize> =
            findings.iter().enumerate().filter(|(_, finding)| **finding == Finding::Vacant).map(|(at, _)| at).collect();
        let gap = self.times.vacant();
        let puts: Vec<Put<'_>> =
            places.iter().map(|at| Put { key: keys[*at], from: SwapFrom::Vacant, to: gap.clone() }).collect();
        for (at, version) in places.iter().zip(self.put(&puts)) {
            findings[*at] = match version {
                Some(version) => Finding::Lease(Lease { version, known: false, settles: false }),
                None => Finding::Busy,
            };
        }
    }

    /// Fills cells with what the store holds. Gives how many leases were lost.
    pub(super) fn fill<'k>(&self, fills: &[(&'k Key, Lease, &Stored)]) -> u64 {
        let longest = self.store.max_len().unwrap_or(usize::MAX);
        let put = |(key, lease, stored): (&'k Key, Lease, &Stored)| {
            let entry = match stored {
                Stored::Absent => None,
                Stored::Value(value) => Some(value.clone()),
                Stored::Foreign(_) => return None,
            };
            let fits = entry.as_ref().map_or(0, Encoded::len) + key.as_str().len() + 72 <= longest;
            fits.then(|| (key, lease.version, self.times.fill(entry, lease.known)))
        };
        let fills: Vec<_> = fills.iter().copied().filter_map(put).collect();
        let puts: Vec<Put<'_>> = fills
            .iter()
            .map(|(key, version, to)| Put { key, from: SwapFrom::Version(*version), to: to.clone() })
            .collect();
        self.put(&puts).iter().filter(|version| version.is_none()).count() as u64
    }

    /// One try for each; `None` where it was not done, or nobody knows.
    fn put(&self, puts: &[Put<'_>]) -> Vec<Option<Version>> {
        let mut versions = vec![None; puts.len()];
        let names: Vec<String> = puts.iter().map(|put| self.name(put.key.as_str())).collect();
        for (part, places) in self.by_part(&names) {
            if places.is_empty() || self.is_paused(part) {
                continue;
            }
            for (at, version) in places.iter().zip(self.put_in(part, &names, puts, &places).unwrap_or_default()) {
                versions[*at] = version;
            }
        }
        versions
    }

    fn put_in(
        &self,
        part: usize,
        names: &[String],
        puts: &[Put<'_>],
        places: &[usize],
    ) -> Result<Vec<Option<Version>>> {
        let bytes: Vec<Vec<u8>> = places.iter().map(|at| encode(puts[*at].key.as_str(), &puts[*at].to)).collect();
        let swaps = places.iter().zip(&bytes).map(|(at, to)| {
            let put = &puts[*at];
            Swap { key: &names[*at], from: put.from, to, ttl: put.to.left.max(Duration::from_millis(1)) }
        });
        self.swap(part, &swaps.collect::<Vec<_>>())
    }

    /// Changes cells, each in one step that nobody comes between. A part that is paused is asked all the same. Returns what was put
    /// where; keys that needed no change are left out.
    fn change(
        &self,
        keys: &[&Key],
        step: impl Fn(Option<&Timed<Entry>>) -> Option<Timed<Entry>>,
    ) -> (Marks, Option<Error>) {
        let names: Vec<String> = keys.iter().map(|key| self.name(key.as_str())).collect();
        let (mut done, mut failure) = (Vec::new(), None);
        for (part, places) in self.by_part(&names) {
            if let Err(error) = self.change_in(part, keys, &names, places, &step, &mut done) {
                failure = Some(error);
            }
        }
        (done, failure)
    }

    fn change_in(
        &self,
        part: usize,
        keys: &[&Key],
        names: &[String],
        mut places: Vec<usize>,
        step: &impl Fn(Option<&Timed<Entry>>) -> Option<Timed<Entry>>,
        done: &mut Marks,
    ) -> Result<()> {
        for _ in 0..TRIES {
            if places.is_empty() {
                return Ok(());
            }
            let asked: Vec<&str> = places.iter().map(|at| &*names[*at]).collect();
            let seen = self.read(part, &asked)?;
            let (mut puts, mut tried, mut again) = (Vec::new(), Vec::new(), Vec::new());
            for (at, seen) in places.into_iter().zip(seen) {
                let (from, timed) = match seen {
                    Seen::Vacant => (SwapFrom::Vacant, None),
                    Seen::Moved => {
                        again.push(at);
                        continue;
                    }
                    // What is no record may have replaced a mark: as little is known of it as of a gap.
                    Seen::Cell(cell) => (
                        SwapFrom::Version(cell.version),
                        Some(decode(keys[at].as_str(), cell.bytes, cell.left).unwrap_or_else(|| self.times.vacant())),
                    ),
                };
                if let Some(to) = step(timed.as_ref()) {
                    puts.push(Put { key: keys[at], from, to });
                    tried.push(at);
                }
            }
            let names: Vec<String> = tried.iter().map(|at| names[*at].clone()).collect();
            let all: Vec<usize> = (0..puts.len()).collect();
            let versions = if puts.is_empty() { Vec::new() } else { self.put_in(part, &names, &puts, &all)? };
            for ((at, put), version) in tried.into_iter().zip(puts).zip(versions) {
                match version {
                    Some(version) => done.push((put.key.clone(), put.to, version)),
                    None => again.push(at),
                }
            }
            places = again;
        }
        self.bar(part, keys, names, &places, done)
    }

    /// The last resort where other writers keep changing a cell: a mark that no writer clears covers all of them, until it ends.
    fn bar(&self, part: usize, keys: &[&Key], names: &[String], places: &[usize], done: &mut Marks) -> Result<()> {
        let barred: Vec<Put<'_>> = places
            .iter()
            .map(|at| Put { key: keys[*at], from: SwapFrom::Any, to: self.times.barred(new_mark()) })
            .collect();
        let names: Vec<String> = places.iter().map(|at| names[*at].clone()).collect();
        let all: Vec<usize> = (0..barred.len()).collect();
        let versions = if barred.is_empty() { Vec::new() } else { self.put_in(part, &names, &barred, &all)? };
        for (put, version) in barred.into_iter().zip(versions) {
            let version = version.ok_or_else(|| {
                Error::new(ErrorKind::Unavailable).with_detail("the cache has no room for the mark of a writer")
            })?;
            done.push((put.key.clone(), put.to, version));
        }
        Ok(())
    }

    /// Marks keys before a commit. Gives the marks that were made, and the failure where some could not be.
    pub(super) fn mark(&self, keys: &[&Key], mark: Mark) -> (Marks, Option<Error>) {
        self.change(keys, |cell| Some(self.times.mark(cell, mark)))
    }

    /// Clears marks after the commit. Gives the failure where some could not be.
    pub(super) fn clear(&self, marks: &Marks, mark: Mark) -> Option<Error> {
        // Mostly no other writer came in between: then the mark is still there, and one round trip clears it.
        let step = |cell: Option<&Timed<Entry>>| cell.and_then(|cell| self.times.clear(cell, mark));
        let puts: Vec<Put<'_>> = marks
            .iter()
            .filter_map(|(key, marked, version)| {
                Some(Put { key, from: SwapFrom::Version(*version), to: step(Some(marked))? })
            })
            .collect();
        let cleared = self.put(&puts);
        let done: Vec<&Key> =
            puts.iter().zip(&cleared).filter(|(_, done)| done.is_some()).map(|(put, _)| put.key).collect();
        let rest: Vec<&Key> = marks.iter().map(|(key, ..)| key).filter(|key| !done.contains(key)).collect();
        if rest.is_empty() { None } else { self.change(&rest, step).1 }
    }

    /// Drops what is cached of keys, and takes every lease. Gives the failure where that could not be done.
    pub(super) fn forget(&self, keys: &[&Key]) -> Option<Error> {
        self.change(keys, |cell| cell.and_then(|cell| self.times.forget(cell))).1
    }

    /// Whether this call is the first to put something under a name of our own. It stays there so long.
    pub(super) fn is_first(&self, name: &str, stays: Duration) -> bool {
        let part = self.part_of(name);
        if self.is_paused(part) {
            return false;
        }
        let swap = Swap { key: name, from: SwapFrom::Vacant, to: b"1", ttl: stays };
        self.swap(part, &[swap]).is_ok_and(|versions| versions.iter().all(Option::is_some))
    }

    /// The keys whose part of the cache may be asked now, part by part.
    pub(super) fn ready<T>(&self, keys: Vec<(Key, T)>) -> Vec<Vec<(Key, T)>> {
        let mut parts: Vec<Vec<(Key, T)>> = self.breakers.iter().map(|_| Vec::new()).collect();
        for (key, with) in keys {
            parts[self.part_of(&self.name(key.as_str()))].push((key, with));
        }
        let parts = parts.into_iter().enumerate();
        parts.filter(|(part, keys)| !keys.is_empty() && !self.is_paused(*part)).map(|(_, keys)| keys).collect()
    }
}

/// A replacement of a cell of ours.
struct Put<'k> {
    key: &'k Key,
    from: SwapFrom,
    to: Timed<Entry>,
}

/// A mark of one's own.
pub(super) fn new_mark() -> Mark {
    u128::from(unique_id()) << 64 | u128::from(unique_id())
}

fn out_of_step() -> Error {
    Error::new(ErrorKind::Contract).with_detail("a cache store did not give one answer for each key")
}
