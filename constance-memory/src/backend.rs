//! The backend over an immutable map.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use constance_core::{
    Backend, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Encoded, Key, KeyMap, Op, Portion, Stored, Watch},
    identity,
};
use parking_lot::Mutex;

use crate::watch::Feeds;

/// Settings in the memory of this process: each instance is a store of its own, gone when it is dropped.
///
/// Readers take no lock and write to no shared memory. A writer copies the map, changes the copy and publishes it, so a
/// write costs time in proportion to the number of stored settings (a few microseconds for a hundred), and a reader sees
/// a batch as a whole or not at all.
///
/// It is not `Clone`, since a copy that shares and a copy that does not would both be plausible. To share one, put it
/// into an [`Arc`], which is a backend too.
///
/// ```
/// use std::sync::Arc;
///
/// use constance_core::{backend::{Batch, Change, Encoded}, Backend, Prefix};
/// use constance_memory::MemoryBackend;
///
/// let backend = Arc::new(MemoryBackend::new());
/// let key = Prefix::empty().key("theme")?;
/// Arc::clone(&backend).write(&Batch::one(Change::set(key.clone(), Encoded::from(b"dark".to_vec()))))?;
/// assert_eq!(backend.read(&[&key])?[0].value().map(Encoded::len), Some(4));
/// assert_eq!(format!("{backend:?}"), "MemoryBackend { stored: 1, feeds: 0 }");
/// # Ok::<(), constance_core::Error>(())
/// ```
#[derive(Default)]
pub struct MemoryBackend {
    identity: OnceLock<String>,
    map: ArcSwap<KeyMap<Encoded>>,
    // Held from the reading of a map to the publishing of its successor, so that no writer's change is lost.
    writer: Mutex<()>,
    feeds: Feeds,
}

impl MemoryBackend {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[deny(clippy::missing_trait_methods)]
impl Backend for MemoryBackend {
    fn name(&self) -> &str {
        "memory"
    }

    fn capability(&self) -> Capability {
        Capability::new().with_watch(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        let map = self.map.load();
        Ok(keys.iter().map(|key| stored(&map, key)).collect())
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let map = self.map.load();
        // A key is split where the asked prefix ends, not where its writer's did.
        let of_prefix = |(key, value): (&Key, &Encoded)| {
            Some((prefix.key_of(key.as_str().as_bytes())?, Stored::Value(value.clone())))
        };
        Ok(map.iter().filter_map(of_prefix).collect())
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let writer = self.writer.lock();
        let old = self.map.load_full();
        let mut previous = Vec::new();
        for (index, change) in batch.changes().iter().enumerate() {
            let current = stored(&old, &change.key);
            if !change.expect.holds(&current) {
                return Ok(Applied::Conflict { index, current });
            }
            if batch.want_previous() {
                previous.push(current);
            }
        }
        if let Some(new) = successor(&old, batch) {
            self.map.store(Arc::new(new));
            // Let go first: a listener that wakes may want to write at once.
            drop(writer);
            self.feeds.wake(&old, batch);
        }
        Ok(Applied::Done(previous))
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        // The guard is no lock: a visitor that writes publishes another map and leaves this one alone.
        visitor(self.map.load().get(key).map(Encoded::as_bytes));
        Ok(())
    }

    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        Ok((self.read(keys)?, Duration::ZERO))
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        Ok(Box::new(self.feeds.open(prefix.clone())))
    }

    fn default_prefix(&self) -> Prefix {
        Prefix::empty()
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
        let map = self.map.load();
        Ok(Portion::last(map.keys().filter_map(|key| prefix.key_of(key.as_str().as_bytes())).collect()))
    }

    fn identity(&self) -> Option<String> {
        // A forked child has a map of its own.
        Some(format!("memory {} {}", self.identity.get_or_init(identity::unique), std::process::id()))
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

fn stored(map: &KeyMap<Encoded>, key: &Key) -> Stored {
    map.get(key).cloned().into()
}

/// Whether a change makes a difference to a map.
pub(crate) fn differs(map: &KeyMap<Encoded>, key: &Key, to: &Op) -> bool {
    match to {
        Op::Set(value) => map.get(key) != Some(value),
        Op::Remove => map.contains_key(key),
        Op::Keep => false,
    }
}

/// The map after a batch, or `None` where it changes nothing and no copy is due.
fn successor(old: &KeyMap<Encoded>, batch: &Batch) -> Option<KeyMap<Encoded>> {
    let mut changes = batch.changes().iter().filter(|change| differs(old, &change.key, &change.op)).peekable();
    changes.peek()?;
    let mut new = old.clone();
    for change in changes {
        match &change.op {
            Op::Set(value) => drop(new.insert(change.key.clone(), value.clone())),
            Op::Remove => drop(new.remove(&change.key)),
            Op::Keep => {}
        }
    }
    Some(new)
}

impl fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identity: _, map, writer: _, feeds } = self;
        f.debug_struct("MemoryBackend").field("stored", &map.load().len()).field("feeds", &feeds.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use constance_core::backend::Change;

    use super::*;

    fn set(name: &str, value: &[u8]) -> Batch {
        Batch::one(Change::set(Prefix::empty().key(name).expect("a key"), Encoded::from(value)))
    }

    #[test]
    fn instances_are_stores_of_their_own() -> Result<()> {
        let (one, other) = (MemoryBackend::new(), MemoryBackend::new());
        one.write(&set("theme", b"dark"))?;
        assert_eq!(other.list(&Prefix::empty())?.len(), 0);
        Ok(())
    }

    #[test]
    fn a_write_without_a_difference_publishes_nothing() -> Result<()> {
        let backend = MemoryBackend::new();
        backend.write(&set("theme", b"dark"))?;
        let before = backend.map.load_full();
        backend.write(&set("theme", b"dark"))?;
        assert!(Arc::ptr_eq(&before, &backend.map.load_full()));
        Ok(())
    }

    #[test]
    fn debug_shows_counts_only() -> Result<()> {
        let backend = MemoryBackend::new();
        backend.write(&set("password", b"hunter2"))?;
        assert_eq!(format!("{backend:?}"), "MemoryBackend { stored: 1, feeds: 0 }");
        Ok(())
    }
}
