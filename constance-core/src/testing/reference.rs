//! A backend that is simple enough to be right.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::{
    Backend, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Key, Op, Portion, Stored, Wake, Watch},
    identity,
};

/// A map under a lock, with feeds: what wrappers are tested over, and where to look how something is meant.
///
/// It is for tests; `constance-memory` is the one to use.
///
/// ```
/// use constance_core::testing::ReferenceBackend;
/// use constance_core::{backend::Stored, Backend, Prefix};
///
/// let backend = ReferenceBackend::new();
/// let key = Prefix::empty().key("theme")?;
/// backend.put(&key, Stored::Foreign("a list"));
/// assert_eq!(backend.read(&[&key])?, [Stored::Foreign("a list")]);
/// # Ok::<(), constance_core::Error>(())
/// ```
#[derive(Debug)]
pub struct ReferenceBackend {
    store: Arc<Store>,
    capability: Capability,
    default_prefix: Prefix,
}

#[derive(Debug)]
struct Store {
    identity: String,
    content: Mutex<Content>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Content {
    map: BTreeMap<Key, Stored>,
    generation: u64,
}

struct Feed {
    store: Arc<Store>,
    seen: u64,
    interrupted: Arc<AtomicBool>,
}

impl ReferenceBackend {
    /// An empty store, which can all that a store can in the memory of a process.
    #[must_use]
    pub fn new() -> Self {
        Self {
            store: Arc::new(Store { identity: identity::unique(), content: Mutex::default(), changed: Condvar::new() }),
            capability: Capability::new().with_watch(true),
            default_prefix: Prefix::new("reference:").expect("a valid prefix"),
        }
    }

    /// Without a feed of changes.
    #[must_use]
    pub fn without_watch(mut self) -> Self {
        self.capability.watch = false;
        self
    }

    /// Puts something into the store past the contract, as another program may.
    pub fn put(&self, key: &Key, stored: Stored) {
        self.store.change(|map| match stored {
            Stored::Absent => drop(map.remove(key)),
            stored => drop(map.insert(key.clone(), stored)),
        });
    }

    /// How many things are in the store, under any prefix.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.store.content.lock().map.len()
    }

    /// What is in the store, past the contract.
    #[must_use]
    pub fn peek(&self, key: &Key) -> Stored {
        self.store.content.lock().get(key)
    }
}

impl Content {
    fn get(&self, key: &Key) -> Stored {
        self.map.get(key).cloned().unwrap_or(Stored::Absent)
    }
}

impl Store {
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<Key, Stored>) -> T) -> T {
        let mut content = self.content.lock();
        content.generation += 1;
        self.changed.notify_all();
        change(&mut content.map)
    }
}

impl Default for ReferenceBackend {
    fn default() -> Self {
        Self::new()
    }
}

#[deny(clippy::missing_trait_methods)]
impl Backend for ReferenceBackend {
    fn name(&self) -> &str {
        "reference"
    }

    fn capability(&self) -> Capability {
        self.capability
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        let content = self.store.content.lock();
        Ok(keys.iter().map(|key| content.get(key)).collect())
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let content = self.store.content.lock();
        let of_prefix =
            |(key, stored): (&Key, &Stored)| Some((prefix.key_of(key.as_str().as_bytes())?, stored.clone()));
        Ok(content.map.iter().filter_map(of_prefix).collect())
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let mut content = self.store.content.lock();
        let previous: Vec<Stored> = batch.changes().iter().map(|change| content.get(&change.key)).collect();
        let fails = |(change, current): (&crate::backend::Change, &Stored)| !change.expect.holds(current);
        if let Some(index) = batch.changes().iter().zip(&previous).position(fails) {
            return Ok(Applied::Conflict { index, current: previous[index].clone() });
        }
        for change in batch.changes() {
            match &change.op {
                Op::Set(value) => drop(content.map.insert(change.key.clone(), value.clone().into())),
                Op::Remove => drop(content.map.remove(&change.key)),
                Op::Keep => {}
            }
        }
        content.generation += 1;
        self.store.changed.notify_all();
        Ok(Applied::Done(if batch.want_previous() { previous } else { Vec::new() }))
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let stored = self.peek(key);
        visitor(stored.bytes()?.map(crate::backend::Encoded::as_bytes));
        Ok(())
    }

    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        Ok((self.read(keys)?, Duration::ZERO))
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        let _ = prefix;
        if !self.capability.watch {
            return Err(crate::Error::new(crate::ErrorKind::Unsupported));
        }
        let seen = self.store.content.lock().generation;
        Ok(Box::new(Feed { store: Arc::clone(&self.store), seen, interrupted: Arc::default() }))
    }

    fn default_prefix(&self) -> Prefix {
        self.default_prefix.clone()
    }

    fn declare(&self, keys: &[Key]) {
        let _ = keys;
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        let _ = keys;
        Ok(())
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        let _ = from;
        let content = self.store.content.lock();
        Ok(Portion::last(content.map.keys().filter_map(|key| prefix.key_of(key.as_str().as_bytes())).collect()))
    }

    fn identity(&self) -> Option<String> {
        Some(format!("reference {}", self.store.identity))
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        Ok(Vec::new())
    }

    fn ping(&self) -> Result<()> {
        Ok(())
    }

    fn migrate(&self) -> Result<()> {
        Ok(())
    }
}

impl Watch for Feed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let deadline = Instant::now() + timeout;
        let mut content = self.store.content.lock();
        loop {
            if self.interrupted.swap(false, Ordering::Relaxed) {
                return Ok(Wake::Interrupted);
            }
            if self.seen != content.generation {
                self.seen = content.generation;
                return Ok(Wake::Changed);
            }
            if self.store.changed.wait_until(&mut content, deadline).timed_out() {
                return Ok(Wake::TimedOut);
            }
        }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let (store, interrupted) = (Arc::clone(&self.store), Arc::clone(&self.interrupted));
        Some(Box::new(move || {
            // Under the lock, so that no wait falls between its look at the flag and its sleep.
            let _content = store.content.lock();
            interrupted.store(true, Ordering::Relaxed);
            store.changed.notify_all();
        }))
    }
}
