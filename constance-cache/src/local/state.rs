//! What a cache knows and decides, without I/O: the synchronous and the asynchronous cache share it.
//!
//! # Why it never serves an old value as a new one
//!
//! A key is registered in its [`Fetch`] from the start of the fetch to its end. Whatever may have changed a key (a write,
//! however it ended, a feed, [`forget`](constance_core::Backend::forget)) removes it from the entries and from its fetch, in one
//! step under the lock. A fetch that ends stores exactly the keys that are still registered in it, under the same lock. So what
//! a fetch read before a change is never stored after it, and a reader that begins after the change does not join a fetch that
//! began before it. No generation number per key is needed: the registration is the generation.
//!
//! A key is registered in one fetch at a time. So of two fetches, the older cannot be stored after the newer.
//!
//! What a fetch found under keys that were removed from it is given to no reader. Each of them fetches again: the fetch may
//! have read late, after the change. Its value would then be newer than that of the next fetch, and the next reader would see a
//! step back.
//!
//! Several keys are answered from entries of one fetch only. A fetch is one read of the backend below. So its entries are of
//! one moment, and keys that were written together are seen together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use constance_core::{
    Prefix,
    backend::{Key, KeyMap, Stored},
};
use parking_lot::Mutex;

use super::entries::{Entries, Entry};
use super::fetch::{Answer, Fetch};
use super::time::{NEVER, Time};
use crate::{CacheEvent, Counters};

/// How long a store that failed is not asked again while stale values may be served.
const PAUSE_AFTER_FAILURE: u64 = nanos_of(1);

/// How long a write of unknown outcome may still arrive. What is fetched meanwhile is fetched again afterwards.
const UNKNOWN_OUTCOME: u64 = nanos_of(60);

/// How long a value is kept at most while its feed is down, and where a feed does not prove that the next fetch is new.
const WITHOUT_FEED: u64 = nanos_of(60);

/// How long a fetch is joined at least, however short the TTL is: readers that miss at the same time share one fetch.
const SHORTEST_JOIN: u64 = nanos_of(1);

const fn nanos_of(seconds: u64) -> u64 {
    seconds * 1_000_000_000
}

/// How long values are kept, and what happens to them afterwards. In nanoseconds.
#[derive(Debug)]
pub(super) struct Lifetime {
    pub(super) ttl: u64,
    /// The most that a fetch's time is shortened by.
    pub(super) jitter: u64,
    /// How long stale values are served while the store fails. 0: not at all.
    pub(super) stale: u64,
    /// Whether the cache follows the feeds of the backend.
    pub(super) follows: bool,
    /// Whether the backend below is a cache, so that a fetch after a change may still find the old value.
    pub(super) backend_remembers: bool,
    /// Whether declared keys that are too old are fetched along with a missing one.
    pub(super) fill_together: bool,
}

pub(super) struct State {
    pub(super) entries: Entries,
    pub(super) counters: Counters,
    pub(super) time: Time,
    lifetime: Lifetime,
    /// Until this moment the store is not asked where stale values may be served.
    paused_until: AtomicU64,
    locked: Mutex<Locked>,
}

/// What is under the lock: for threads that fetch and change. A hit does not take it.
pub(super) struct Locked {
    /// The process that the fetches and feeds belong to.
    process: u32,
    /// The fetch in which a key is registered.
    pub(super) in_flight: KeyMap<Arc<Fetch>>,
    /// The keys of lookups that wait for a fetch without some of them to end, to fetch all of them at once.
    pub(super) waiting: HashMap<u64, Vec<Key>>,
    /// The declared keys, by prefix.
    pub(super) declared: HashMap<Box<str>, KeyMap<()>>,
    /// Keys with a write of unknown outcome, and until when it may arrive.
    unknown_outcomes: KeyMap<u64>,
    /// The prefixes with an open feed.
    open_feeds: HashSet<Prefix>,
    numbers: u64,
}

impl State {
    pub(super) fn new(lifetime: Lifetime, time: Time, counters: Counters) -> Self {
        let (entries, paused_until) = (Entries::new(), AtomicU64::new(0));
        let locked = Mutex::new(Locked::new());
        Self { entries, counters, time, lifetime, paused_until, locked }
    }

    /// Shows the entry of one key in place, if it may be served.
    #[inline]
    pub(super) fn hit<R>(&self, key: &Key, show: impl FnOnce(&Stored) -> R) -> Option<R> {
        let shard = self.entries.shard_of(key);
        let entry = shard.get(key)?;
        // The clock is read only where there is an end.
        let now = if entry.expires == NEVER { 0 } else { self.time.now() };
        let event = self.may_serve(entry, now)?;
        self.counters.add(event, 1);
        Some(show(&entry.stored))
    }

    /// The entries of these keys, if they may be served now and are of one moment. Counts nothing. `asked` is when the read
    /// began, `now` may be later.
    pub(super) fn remembered(&self, keys: &[&Key], asked: u64, now: u64) -> Option<(Answer, CacheEvent)> {
        self.collect(keys, asked, |entry| self.may_serve(entry, now))
    }

    /// The same after the store has failed just now.
    pub(super) fn last_known(&self, keys: &[&Key], asked: u64, now: u64) -> Option<Answer> {
        let event = |entry: &Entry| (now < self.too_old_from(entry)).then_some(CacheEvent::StaleServed);
        self.collect(keys, asked, event).map(|(found, _)| found)
    }

    fn collect(
        &self,
        keys: &[&Key],
        asked: u64,
        may_serve: impl Fn(&Entry) -> Option<CacheEvent>,
    ) -> Option<(Answer, CacheEvent)> {
        let (mut stored, mut fetch, mut worst) = (Vec::with_capacity(keys.len()), None, CacheEvent::Hit);
        let mut age = 0;
        for key in keys {
            let shard = self.entries.shard_of(key);
            let entry = shard.get(*key)?;
            if *fetch.get_or_insert(entry.fetch) != entry.fetch {
                return None;
            }
            if may_serve(entry)? == CacheEvent::StaleServed {
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
        // Each call of a store that does not answer waits for a timeout: not every reader is to wait.
        let paused = self.lifetime.stale > 0 && now < self.paused_until.load(Ordering::Relaxed);
        (paused && now < self.too_old_from(entry)).then_some(CacheEvent::StaleServed)
    }

    /// The moment after which an entry is not served even while the store fails.
    fn too_old_from(&self, entry: &Entry) -> u64 {
        entry.expires.saturating_add(self.lifetime.stale)
    }

    pub(super) fn is_fresh(&self, key: &Key, now: u64) -> bool {
        self.entries.shard_of(key).get(key).is_some_and(|entry| now < entry.expires)
    }

    pub(super) fn fill_together(&self) -> bool {
        self.lifetime.fill_together
    }

    /// Whether nothing is in flight.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        let locked = self.lock();
        locked.in_flight.is_empty() && locked.waiting.is_empty()
    }

    /// For map operations only: no I/O, no clock and no observer under the lock.
    pub(super) fn lock(&self) -> parking_lot::MutexGuard<'_, Locked> {
        self.locked.lock()
    }

    /// In a forked child: drops everything, since the threads that fetch and follow are in its parent. Called before the backend
    /// is asked: for a hit the check would cost too much.
    pub(super) fn reset_after_fork(&self, locked: &mut Locked) {
        let process = std::process::id();
        if locked.process == process {
            return;
        }
        locked.process = process;
        locked.in_flight.clear();
        locked.waiting.clear();
        locked.open_feeds.clear();
        self.drop_matching(locked, |_| true);
    }

    /// Notes keys that will be read.
    pub(super) fn declare(&self, keys: &[Key]) {
        let mut locked = self.lock();
        for key in keys {
            locked.declared.entry(key.prefix().into()).or_default().insert(key.clone(), ());
        }
    }

    /// Notes that a fetch failed.
    pub(super) fn note_failure(&self) {
        if self.lifetime.stale > 0 {
            self.paused_until.store(self.time.now().saturating_add(PAUSE_AFTER_FAILURE), Ordering::Relaxed);
        }
    }

    /// Stores what a fetch found, except the keys that were changed meanwhile. Returns these.
    pub(super) fn finish(&self, fetch: &Arc<Fetch>, found: &KeyMap<Stored>, older: u64) -> KeyMap<()> {
        let began = fetch.began;
        if self.paused_until.load(Ordering::Relaxed) != 0 {
            self.paused_until.store(0, Ordering::Relaxed);
        }
        let expires = self.expiry(began);
        let mut locked = self.lock();
        let (mut entries, mut lost) = (Vec::with_capacity(found.len()), KeyMap::default());
        for (key, stored) in found {
            if !locked.unregister(fetch, key) {
                lost.insert(key.clone(), ());
                continue;
            }
            let mut expires = expires;
            if let Some(until) = locked.unknown_outcomes.get(key).copied().filter(|until| began < *until) {
                expires = expires.min(until);
            }
            if self.lifetime.backend_remembers || (self.lifetime.follows && !locked.has_feed(key)) {
                expires = expires.min(began.saturating_add(WITHOUT_FEED));
            }
            let stored = stored.clone();
            entries.push((key.clone(), Entry { stored, fetch: fetch.number, began, older, expires }));
        }
        self.entries.insert(entries, |entry| self.too_old_from(entry) <= began);
        lost
    }

    /// Whether a fetch began so long ago that no lookup joins it any more.
    pub(super) fn is_too_old_to_join(&self, began: u64, now: u64) -> bool {
        now.saturating_sub(began) >= self.lifetime.ttl.clamp(SHORTEST_JOIN, WITHOUT_FEED)
    }

    /// Unregisters a fetch that found nothing.
    pub(super) fn abandon(&self, fetch: &Arc<Fetch>) {
        let mut locked = self.lock();
        for key in &fetch.keys {
            locked.unregister(fetch, key);
        }
    }

    /// Counted from the start of the fetch: a value may have been changed right after it was read.
    fn expiry(&self, began: u64) -> u64 {
        let Lifetime { ttl, jitter, .. } = self.lifetime;
        let shortened = match jitter {
            0 => 0,
            // Each `RandomState` hashes differently.
            jitter => RandomState::new().hash_one(began) % jitter,
        };
        if ttl == NEVER { NEVER } else { began.saturating_add(ttl - shortened) }
    }

    /// Drops keys that were changed, or may have been. With `is_outcome_unknown` the change may still arrive.
    pub(super) fn drop_keys<'k>(&self, keys: impl Iterator<Item = &'k Key> + Clone, is_outcome_unknown: bool) {
        let now = if is_outcome_unknown { self.time.now() } else { 0 };
        let mut locked = self.lock();
        if is_outcome_unknown {
            locked.unknown_outcomes.retain(|_, until| now < *until);
            locked.unknown_outcomes.extend(keys.clone().map(|key| (key.clone(), now.saturating_add(UNKNOWN_OUTCOME))));
        }
        keys.clone().for_each(|key| drop(locked.in_flight.remove(key)));
        self.entries.remove(keys);
    }

    /// Drops everything under a prefix: some of it was changed.
    pub(super) fn drop_under(&self, prefix: &Prefix) {
        self.drop_matching(&mut self.lock(), |key| is_under(prefix, key));
    }

    /// Drops everything.
    pub(super) fn drop_all(&self) {
        self.drop_matching(&mut self.lock(), |_| true);
    }

    fn drop_matching(&self, locked: &mut Locked, matches: impl Fn(&Key) -> bool) {
        locked.in_flight.retain(|key, _| !matches(key));
        self.entries.update_all(|key, entry| (!matches(key)).then(|| entry.clone()));
    }

    /// A feed under this prefix is open. Drops what was fetched before: it may have been changed before the feed was open.
    pub(super) fn feed_opened(&self, prefix: &Prefix) {
        let mut locked = self.lock();
        locked.open_feeds.insert(prefix.clone());
        self.drop_matching(&mut locked, |key| is_under(prefix, key));
    }

    /// The feed under this prefix broke. Entries are not dropped, since the store may be down as well. But they expire, since
    /// no feed reports changes now.
    pub(super) fn feed_closed(&self, prefix: &Prefix) {
        let until = self.time.now().saturating_add(WITHOUT_FEED);
        let mut locked = self.lock();
        locked.open_feeds.remove(prefix);
        self.entries.update_all(|key, entry| {
            let expires = if is_under(prefix, key) { entry.expires.min(until) } else { entry.expires };
            Some(Entry { expires, ..entry.clone() })
        });
    }
}

impl Locked {
    fn new() -> Self {
        Self {
            process: std::process::id(),
            in_flight: KeyMap::default(),
            waiting: HashMap::new(),
            declared: HashMap::new(),
            unknown_outcomes: KeyMap::default(),
            open_feeds: HashSet::new(),
            numbers: 0,
        }
    }

    /// A new fetch of these keys, none of which is registered in another one.
    pub(super) fn register(&mut self, keys: Vec<Key>, began: u64) -> Arc<Fetch> {
        let fetch = Arc::new(Fetch::new(self.number(), keys, began));
        self.in_flight.extend(fetch.keys.iter().map(|key| (key.clone(), Arc::clone(&fetch))));
        fetch
    }

    /// Takes a key out of a fetch, and says whether it was still in there.
    fn unregister(&mut self, fetch: &Arc<Fetch>, key: &Key) -> bool {
        let registered = self.in_flight.get(key).is_some_and(|current| Arc::ptr_eq(current, fetch));
        if registered {
            self.in_flight.remove(key);
        }
        registered
    }

    /// A new number.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn has_feed(&self, key: &Key) -> bool {
        self.open_feeds.iter().any(|prefix| is_under(prefix, key))
    }
}

fn is_under(prefix: &Prefix, key: &Key) -> bool {
    prefix.name_of(key.as_str()).is_some()
}

/// Text for people and logs shows no stored value.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, counters, time, lifetime, paused_until: _, locked: _ } = self;
        let Lifetime { ttl, jitter, stale, follows, backend_remembers, fill_together } = lifetime;
        let ttl = (*ttl != NEVER).then(|| Duration::from_nanos(*ttl));
        f.debug_struct("State")
            .field("ttl", &ttl)
            .field("jitter", &Duration::from_nanos(*jitter))
            .field("stale_on_error", &Duration::from_nanos(*stale))
            .field("follows", follows)
            .field("backend_remembers", backend_remembers)
            .field("fill_together", fill_together)
            .field("time", time)
            .field("entries", &entries.len())
            .field("counters", counters)
            .finish()
    }
}
