//! Feeds of changes.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use constance_core::backend::{Batch, ChangedKeys, Encoded, KeyMap, Waitable, Wake, Watch};
use constance_core::{Prefix, Result, WatchMode};
use parking_lot::Mutex;

use crate::backend::differs;

/// The open feeds of one store.
#[derive(Default)]
pub(crate) struct Feeds(Mutex<Vec<(Prefix, Weak<Signal>)>>);

/// One open feed.
pub(crate) struct Feed {
    signal: Arc<Signal>,
    /// Held by whoever writes, until the feeds know what.
    writer: Arc<Mutex<()>>,
}

/// What a feed has not told its listener yet.
#[derive(Default)]
struct Signal(Waitable<Pending>);

#[derive(Default)]
struct Pending {
    changed: bool,
    keys: ChangedKeys,
    interrupted: bool,
}

impl Feeds {
    /// Opens a feed. It is in the list when this returns, and writers look at the list after they have published, so
    /// that nothing falls between opening and the first wait.
    pub(crate) fn open(&self, prefix: Prefix, writer: Arc<Mutex<()>>) -> Feed {
        let signal = Arc::new(Signal::default());
        let mut feeds = self.0.lock();
        feeds.retain(|(_, signal)| signal.strong_count() > 0);
        feeds.push((prefix, Arc::downgrade(&signal)));
        Feed { signal, writer }
    }

    /// Wakes the feeds under whose prefix a batch made a difference to the map that was there before.
    pub(crate) fn wake(&self, before: &KeyMap<Encoded>, batch: &Batch) {
        for (prefix, signal) in self.0.lock().iter() {
            let changed = batch.changes().iter().filter(|change| differs(before, &change.key, &change.op));
            let mut keys = changed.filter_map(|change| prefix.key_of(change.key.as_str().as_bytes())).peekable();
            if keys.peek().is_some()
                && let Some(signal) = signal.upgrade()
            {
                signal.0.update(|pending| {
                    pending.changed = true;
                    keys.for_each(|key| pending.keys.add(key));
                });
            }
        }
    }

    /// How many feeds are open.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().iter().filter(|(_, signal)| signal.strong_count() > 0).count()
    }
}

#[deny(clippy::missing_trait_methods)]
impl Watch for Feed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        // A timeout beyond what a clock can express has no end.
        let deadline = Instant::now().checked_add(timeout);
        let mut pending = self.signal.0.lock();
        loop {
            if std::mem::take(&mut pending.interrupted) {
                return Ok(Wake::Interrupted);
            }
            if std::mem::take(&mut pending.changed) {
                return Ok(Wake::Changed);
            }
            match deadline {
                Some(deadline) if Instant::now() >= deadline => return Ok(Wake::TimedOut),
                deadline => pending = self.signal.0.wait_until(pending, deadline).0,
            }
        }
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        self.signal.0.lock().keys.take()
    }

    fn catch_up(&mut self) -> Result<bool> {
        // A map that a reader has seen may be told of only now.
        drop(self.writer.lock());
        Ok(true)
    }

    fn mode(&self) -> WatchMode {
        WatchMode::Pushed
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let signal = Arc::clone(&self.signal);
        Some(Box::new(move || signal.0.update(|pending| pending.interrupted = true)))
    }
}

#[cfg(test)]
mod tests {
    use constance_core::{Backend, backend::Change};

    use super::*;
    use crate::MemoryBackend;

    #[test]
    fn a_feed_is_woken_by_its_own_prefix_only() -> Result<()> {
        let backend = MemoryBackend::new();
        let (mine, other) = (Prefix::new("mine:")?, Prefix::new("other:")?);
        let mut feed = backend.watch(&mine)?;
        let set = |prefix: &Prefix| backend.write(&Batch::one(Change::set(prefix.key("a")?, Encoded::from(vec![1]))));
        set(&other)?;
        assert_eq!(feed.wait(Duration::ZERO)?, Wake::TimedOut);
        set(&mine)?;
        assert_eq!(feed.wait(Duration::ZERO)?, Wake::Changed);
        set(&mine)?;
        assert_eq!(feed.wait(Duration::ZERO)?, Wake::TimedOut, "the same value again is no change");
        Ok(())
    }

    #[test]
    fn dropped_feeds_are_forgotten() -> Result<()> {
        let feeds = Feeds::default();
        let first = feeds.open(Prefix::empty(), Arc::default());
        let interrupt = first.interrupter();
        drop((first, interrupt));
        let _second = feeds.open(Prefix::empty(), Arc::default());
        assert_eq!(feeds.0.lock().len(), 1);
        Ok(())
    }

    #[test]
    fn the_longest_timeout_is_no_overflow() -> Result<()> {
        let mut feed = Feeds::default().open(Prefix::empty(), Arc::default());
        feed.signal.0.update(|pending| pending.changed = true);
        assert_eq!(feed.wait(Duration::MAX)?, Wake::Changed);
        Ok(())
    }
}
