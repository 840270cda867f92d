//! What a cache knows and decides, free of I/O: shared by the synchronous and the asynchronous one.
//!
//! # Why it cannot lie
//!
//! A fetch is a [`Flight`], in which a key is registered from its start to its end. Whatever may have changed a key (a write
//! that ended in whatever way, a feed, [`forget`](constance_core::Backend::forget)) takes it out of the entries and out of
//! its flight, in one step under the lock; a flight that ends stores exactly those keys that are still registered in it,
//! under the same lock. So what a fetch found before a change cannot land after it, and a reader that comes after the
//! change does not join a flight that began before it. No numbers have to be kept for keys: the registration is the
//! generation.
//!
//! A key is registered in one flight at a time, so that of two fetches the older cannot land after the newer.
//!
//! What a flight found of keys that were taken out of it is not given to anybody, who asks again: it may have read late, and
//! then be newer than what the flight after it found and the next reader is given, who would see a step back.
//!
//! Several keys are answered from entries of one flight only. A flight is one read of the backend below, so its entries are
//! of one moment, and keys that were written together are seen together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use constance_core::{Key, KeyMap, Prefix, Stored};
use parking_lot::Mutex;

use super::entries::{Entries, Entry};
use super::flight::{Answer, Flight};
use super::time::{NEVER, Time};
use crate::{CacheEvent, Counters};

/// For how long a store that failed is not asked again while old values may be served.
const QUIET: u64 = nanos_of(1);

/// How long a write of unknown end may still be on its way: what is fetched meanwhile is fetched again afterwards.
const DOUBT: u64 = nanos_of(60);

/// How long a value is kept at most while the feed that would tell of its change is down, or where a feed is no proof that
/// what is fetched after it is new.
const DEAF: u64 = nanos_of(60);

/// How long a fetch is joined at least, however short the time of a value is: many who ask at once are to be one fetch.
const SHORTEST_FLIGHT: u64 = nanos_of(1);

const fn nanos_of(seconds: u64) -> u64 {
    seconds * 1_000_000_000
}

/// How long values are kept, and what happens to them afterwards. In nanoseconds.
#[derive(Debug)]
pub(super) struct Lifetime {
    pub(super) ttl: u64,
    /// The most that a fetch's time is shortened by.
    pub(super) jitter: u64,
    /// How long values past their time are served while the store fails; 0 is not at all.
    pub(super) stale: u64,
    /// Whether a feed tells of changes.
    pub(super) follows: bool,
    /// Whether what a fetch finds may be old although the feed has told of its change: what is below remembers, too.
    pub(super) second_hand: bool,
    /// Whether keys that are too old are fetched along with the one that is asked for.
    pub(super) together: bool,
}

pub(super) struct State {
    pub(super) entries: Entries,
    pub(super) counters: Counters,
    pub(super) time: Time,
    lifetime: Lifetime,
    /// Until this moment the store is not asked where old values may be served.
    quiet_until: AtomicU64,
    work: Mutex<Work>,
}

/// What the threads that fetch and change agree on. Readers that hit know nothing of it.
pub(super) struct Work {
    /// Whose work this is.
    process: u32,
    /// The flight in which a key is registered.
    pub(super) in_flight: KeyMap<Arc<Flight>>,
    /// The keys of those who wait for others' flights to end, to fetch all of theirs at once.
    pub(super) waiting: HashMap<u64, Vec<Key>>,
    /// The keys that fronts are going to ask for, by prefix.
    pub(super) declared: HashMap<Box<str>, KeyMap<()>>,
    /// Keys whose writes ended in an unknown way, and until when these may arrive.
    doubts: KeyMap<u64>,
    /// The prefixes whose feed is open.
    heard: HashSet<Prefix>,
    numbers: u64,
}

impl State {
    pub(super) fn new(lifetime: Lifetime, time: Time, counters: Counters) -> Self {
        let (entries, quiet_until) = (Entries::new(), AtomicU64::new(0));
        let work = Mutex::new(Work::new());
        Self { entries, counters, time, lifetime, quiet_until, work }
    }

    /// Shows what is remembered of one key, in place, if it may be served.
    #[inline]
    pub(super) fn hit<R>(&self, key: &Key, show: impl FnOnce(&Stored) -> R) -> Option<R> {
        let share = self.entries.share_of(key);
        let entry = share.get(key)?;
        // Which moment it is matters only where there is an end.
        let now = if entry.expires == NEVER { 0 } else { self.time.now() };
        let event = self.may_serve(entry, now)?;
        self.counters.add(event, 1);
        Some(show(&entry.stored))
    }

    /// What is remembered of these keys, if it may be served now and is of one moment. Counts nothing. They were asked for a
    /// little earlier perhaps.
    pub(super) fn remembered(&self, keys: &[&Key], asked: u64, now: u64) -> Option<(Answer, CacheEvent)> {
        self.collect(keys, asked, |entry| self.may_serve(entry, now))
    }

    /// The same where the store has failed just now.
    pub(super) fn last_known(&self, keys: &[&Key], asked: u64, now: u64) -> Option<Answer> {
        let event = |entry: &Entry| (now < self.too_old_from(entry)).then_some(CacheEvent::StaleServed);
        self.collect(keys, asked, event).map(|(found, _)| found)
    }

    fn collect(
        &self,
        keys: &[&Key],
        asked: u64,
        judge: impl Fn(&Entry) -> Option<CacheEvent>,
    ) -> Option<(Answer, CacheEvent)> {
        let (mut stored, mut fetch, mut worst) = (Vec::with_capacity(keys.len()), None, CacheEvent::Hit);
        let mut age = 0;
        for key in keys {
            let share = self.entries.share_of(key);
            let entry = share.get(*key)?;
            if *fetch.get_or_insert(entry.fetch) != entry.fetch {
                return None;
            }
            if judge(entry)? == CacheEvent::StaleServed {
                worst = CacheEvent::StaleServed;
            }
            age = age.max(entry.age(asked));
            stored.push(entry.stored.clone());
        }
        Some((Answer { stored, age }, worst))
    }

    /// Whether an entry may be served without asking the store, and what that counts as.
    #[inline]
    fn may_serve(&self, entry: &Entry, now: u64) -> Option<CacheEvent> {
        if now < entry.expires {
            return Some(CacheEvent::Hit);
        }
        // To ask a store that does not answer takes each caller a timeout: not all of them are sent there.
        let quiet = self.lifetime.stale > 0 && now < self.quiet_until.load(Ordering::Relaxed);
        (quiet && now < self.too_old_from(entry)).then_some(CacheEvent::StaleServed)
    }

    /// The moment from which on an entry is not even served while the store fails.
    fn too_old_from(&self, entry: &Entry) -> u64 {
        entry.expires.saturating_add(self.lifetime.stale)
    }

    pub(super) fn is_fresh(&self, key: &Key, now: u64) -> bool {
        self.entries.share_of(key).get(key).is_some_and(|entry| now < entry.expires)
    }

    pub(super) fn together(&self) -> bool {
        self.lifetime.together
    }

    /// Whether nothing is under way.
    #[cfg(test)]
    pub(super) fn is_at_rest(&self) -> bool {
        let work = self.work();
        work.in_flight.is_empty() && work.waiting.is_empty()
    }

    /// For map operations only: no I/O, no clock and no observer under it.
    pub(super) fn work(&self) -> parking_lot::MutexGuard<'_, Work> {
        self.work.lock()
    }

    /// In a forked child: begins anew, since the threads that fetch and listen are in its parent. Asked where the backend is
    /// about to be asked: a hit could not afford it.
    pub(super) fn begin_anew_in_a_child(&self, work: &mut Work) {
        let process = std::process::id();
        if work.process == process {
            return;
        }
        work.process = process;
        work.in_flight.clear();
        work.waiting.clear();
        work.heard.clear();
        self.drop_matching(work, |_| true);
    }

    /// Which keys a front is going to ask for.
    pub(super) fn declare(&self, keys: &[Key]) {
        let mut work = self.work();
        for key in keys {
            work.declared.entry(key.prefix().into()).or_default().insert(key.clone(), ());
        }
    }

    /// Notes that a fetch failed.
    pub(super) fn failed(&self) {
        if self.lifetime.stale > 0 {
            self.quiet_until.store(self.time.now().saturating_add(QUIET), Ordering::Relaxed);
        }
    }

    /// Stores what a flight found, but for the keys that were changed meanwhile, and says which those are.
    pub(super) fn land(&self, flight: &Arc<Flight>, found: &KeyMap<Stored>, older: u64) -> KeyMap<()> {
        let began = flight.began;
        if self.quiet_until.load(Ordering::Relaxed) != 0 {
            self.quiet_until.store(0, Ordering::Relaxed);
        }
        let expires = self.expiry(began);
        let mut work = self.work();
        let (mut entries, mut lost) = (Vec::with_capacity(found.len()), KeyMap::default());
        for (key, stored) in found {
            if !work.unregister(flight, key) {
                lost.insert(key.clone(), ());
                continue;
            }
            let mut expires = expires;
            if let Some(until) = work.doubts.get(key).copied().filter(|until| began < *until) {
                expires = expires.min(until);
            }
            if self.lifetime.second_hand || (self.lifetime.follows && !work.hears(key)) {
                expires = expires.min(began.saturating_add(DEAF));
            }
            let stored = stored.clone();
            entries.push((key.clone(), Entry { stored, fetch: flight.number, began, older, expires }));
        }
        self.entries.put(entries, |entry| self.too_old_from(entry) <= began);
        lost
    }

    /// Whether a flight began so long ago that nobody joins it any more.
    pub(super) fn is_outlived(&self, began: u64, now: u64) -> bool {
        now.saturating_sub(began) >= self.lifetime.ttl.clamp(SHORTEST_FLIGHT, DEAF)
    }

    /// Takes a flight out that found nothing.
    pub(super) fn abandon(&self, flight: &Arc<Flight>) {
        let mut work = self.work();
        for key in &flight.keys {
            work.unregister(flight, key);
        }
    }

    /// Counted from the start of a fetch: what it found may have been changed right after it was read.
    fn expiry(&self, began: u64) -> u64 {
        let Lifetime { ttl, jitter, .. } = self.lifetime;
        let shortened = match jitter {
            0 => 0,
            // Each new state hashes differently.
            jitter => RandomState::new().hash_one(began) % jitter,
        };
        if ttl == NEVER { NEVER } else { began.saturating_add(ttl - shortened) }
    }

    /// Forgets keys that were changed, or may have been. With `in_doubt` the change may still be on its way.
    pub(super) fn drop_keys<'k>(&self, keys: impl Iterator<Item = &'k Key> + Clone, in_doubt: bool) {
        let now = if in_doubt { self.time.now() } else { 0 };
        let mut work = self.work();
        if in_doubt {
            work.doubts.retain(|_, until| now < *until);
            work.doubts.extend(keys.clone().map(|key| (key.clone(), now.saturating_add(DOUBT))));
        }
        keys.clone().for_each(|key| drop(work.in_flight.remove(key)));
        self.entries.remove(keys);
    }

    /// Forgets everything under a prefix: some of it was changed.
    pub(super) fn drop_under(&self, prefix: &Prefix) {
        self.drop_matching(&mut self.work(), |key| is_under(prefix, key));
    }

    /// Forgets everything.
    pub(super) fn drop_all(&self) {
        self.drop_matching(&mut self.work(), |_| true);
    }

    fn drop_matching(&self, work: &mut Work, concerned: impl Fn(&Key) -> bool) {
        work.in_flight.retain(|key, _| !concerned(key));
        self.entries.revise(|key, entry| (!concerned(key)).then(|| entry.clone()));
    }

    /// A feed under this prefix is open: what was fetched before may have been changed before it was.
    pub(super) fn hear(&self, prefix: &Prefix) {
        let mut work = self.work();
        work.heard.insert(prefix.clone());
        self.drop_matching(&mut work, |key| is_under(prefix, key));
    }

    /// The feed under this prefix broke. What is remembered is not dropped, since the store may be down as well; but it is
    /// not kept for ever, now that nobody tells of changes.
    pub(super) fn hear_no_more(&self, prefix: &Prefix) {
        let until = self.time.now().saturating_add(DEAF);
        let mut work = self.work();
        work.heard.remove(prefix);
        self.entries.revise(|key, entry| {
            let expires = if is_under(prefix, key) { entry.expires.min(until) } else { entry.expires };
            Some(Entry { expires, ..entry.clone() })
        });
    }
}

impl Work {
    fn new() -> Self {
        Self {
            process: std::process::id(),
            in_flight: KeyMap::default(),
            waiting: HashMap::new(),
            declared: HashMap::new(),
            doubts: KeyMap::default(),
            heard: HashSet::new(),
            numbers: 0,
        }
    }

    /// A new flight of these keys, none of which is registered in another one.
    pub(super) fn register(&mut self, keys: Vec<Key>, began: u64) -> Arc<Flight> {
        let flight = Arc::new(Flight::new(self.number(), keys, began));
        self.in_flight.extend(flight.keys.iter().map(|key| (key.clone(), Arc::clone(&flight))));
        flight
    }

    /// Takes a key out of a flight, and says whether it was still in there.
    fn unregister(&mut self, flight: &Arc<Flight>, key: &Key) -> bool {
        let registered = self.in_flight.get(key).is_some_and(|current| Arc::ptr_eq(current, flight));
        if registered {
            self.in_flight.remove(key);
        }
        registered
    }

    /// A number that nobody had before.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn hears(&self, key: &Key) -> bool {
        self.heard.iter().any(|prefix| is_under(prefix, key))
    }
}

fn is_under(prefix: &Prefix, key: &Key) -> bool {
    prefix.name_of(key.as_str()).is_some()
}

/// Text for people and logs shows no stored value.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, counters, time, lifetime, quiet_until: _, work: _ } = self;
        let Lifetime { ttl, jitter, stale, follows, second_hand, together } = lifetime;
        let ttl = (*ttl != NEVER).then(|| Duration::from_nanos(*ttl));
        f.debug_struct("State")
            .field("ttl", &ttl)
            .field("jitter", &Duration::from_nanos(*jitter))
            .field("stale_on_error", &Duration::from_nanos(*stale))
            .field("follows", follows)
            .field("second_hand", second_hand)
            .field("together", together)
            .field("time", time)
            .field("entries", &entries.len())
            .field("counters", counters)
            .finish()
    }
}
