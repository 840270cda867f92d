//! Feeds of changes.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use constance_core::{
    Prefix, Result,
    backend::{Batch, Encoded, KeyMap, Wake, Watch},
};
use parking_lot::{Condvar, Mutex};

use crate::backend::differs;

/// The open feeds of one store.
#[derive(Default)]
pub(crate) struct Feeds(Mutex<Vec<(Prefix, Weak<Signal>)>>);

/// One open feed.
pub(crate) struct Feed(Arc<Signal>);

/// What a feed has not told its listener yet.
#[derive(Default)]
struct Signal {
    pending: Mutex<Pending>,
    arrived: Condvar,
}

#[derive(Default)]
struct Pending {
    changed: bool,
    interrupted: bool,
}

impl Feeds {
    /// Opens a feed. It is in the list when this returns, and writers look at the list after they have published, so
    /// that nothing falls between opening and the first wait.
    pub(crate) fn open(&self, prefix: Prefix) -> Feed {
        let signal = Arc::new(Signal::default());
        let mut feeds = self.0.lock();
        feeds.retain(|(_, signal)| signal.strong_count() > 0);
        feeds.push((prefix, Arc::downgrade(&signal)));
        Feed(signal)
    }

    /// Wakes the feeds under whose prefix a batch made a difference to the map that was there before.
    pub(crate) fn wake(&self, before: &KeyMap<Encoded>, batch: &Batch) {
        for (prefix, signal) in self.0.lock().iter() {
            let concerned = batch.changes().iter().any(|change| {
                prefix.name_of(change.key.as_str()).is_some() && differs(before, &change.key, &change.op)
            });
            if let Some(signal) = signal.upgrade().filter(|_| concerned) {
                signal.tell(|pending| pending.changed = true);
            }
        }
    }

    /// How many feeds are open.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().iter().filter(|(_, signal)| signal.strong_count() > 0).count()
    }
}

impl Signal {
    fn tell(&self, what: impl FnOnce(&mut Pending)) {
        what(&mut self.pending.lock());
        self.arrived.notify_all();
    }
}

impl Watch for Feed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        // A timeout beyond what a clock can express has no end.
        let deadline = Instant::now().checked_add(timeout);
        let mut pending = self.0.pending.lock();
        loop {
            if std::mem::take(&mut pending.interrupted) {
                return Ok(Wake::Interrupted);
            }
            if std::mem::take(&mut pending.changed) {
                return Ok(Wake::Changed);
            }
            match deadline {
                Some(deadline) if Instant::now() >= deadline => return Ok(Wake::TimedOut),
                Some(deadline) => drop(self.0.arrived.wait_until(&mut pending, deadline)),
                None => self.0.arrived.wait(&mut pending),
            }
        }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let signal = Arc::clone(&self.0);
        Some(Box::new(move || signal.tell(|pending| pending.interrupted = true)))
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
        let first = feeds.open(Prefix::empty());
        let interrupt = first.interrupter();
        drop((first, interrupt));
        let _second = feeds.open(Prefix::empty());
        assert_eq!(feeds.0.lock().len(), 1);
        Ok(())
    }

    #[test]
    fn the_longest_timeout_is_no_overflow() -> Result<()> {
        let mut feed = Feeds::default().open(Prefix::empty());
        feed.0.tell(|pending| pending.changed = true);
        assert_eq!(feed.wait(Duration::MAX)?, Wake::Changed);
        Ok(())
    }
}
