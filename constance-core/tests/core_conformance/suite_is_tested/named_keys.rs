//! Feeds that name the wrong keys.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use constance_core::{
    Prefix, Result,
    backend::{Applied, Batch, ChangedKeys, Wake, Watch},
};

use super::wrong::{Defect, Inside, assert_caught_saying};

/// A feed is changed after it is opened.
#[derive(Debug)]
struct Feeds(fn(Box<dyn Watch>) -> Box<dyn Watch>);

impl Defect for Feeds {
    fn watch(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        right.watch(prefix).map(self.0)
    }
}

/// Names one key of several.
struct LeavesOut(Box<dyn Watch>);

impl Watch for LeavesOut {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        self.0.wait(timeout)
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        let changed = self.0.changed_keys();
        let mut keys: Vec<_> = changed.keys().into_iter().flatten().cloned().collect();
        keys.sort();
        keys.into_iter().take(1).collect()
    }

    fn catch_up(&mut self) -> Result<bool> {
        self.0.catch_up()
    }
}

#[test]
fn a_feed_that_leaves_out_a_key_is_caught() {
    assert_caught_saying(
        || Feeds(|feed| Box::new(LeavesOut(feed))),
        "changed_keys_leave_nothing_out",
        "after a batch it did not name \"b\"",
    );
}

/// Says that it has caught up, and knows what it was woken by.
struct TooSure(Box<dyn Watch>, ChangedKeys);

impl Watch for TooSure {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let wake = self.0.wait(timeout)?;
        if wake == Wake::Changed {
            self.1.join(self.0.changed_keys());
        }
        Ok(wake)
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        self.1.take()
    }

    fn catch_up(&mut self) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn a_feed_that_says_too_early_that_it_has_caught_up_is_caught() {
    assert_caught_saying(
        || Feeds(|feed| Box::new(TooSure(feed, ChangedKeys::none()))),
        "catching_up_finds_a_later_batch",
        "of a batch after the last wake it did not name",
    );
    assert_caught_saying(
        || Feeds(|feed| Box::new(TooSure(feed, ChangedKeys::none()))),
        "named_keys_show_one_moment",
        "is seen in part",
    );
}

/// Forgets the keys of a batch when another follows before it is asked.
#[derive(Debug, Default)]
struct LastBatchOnly(Arc<Mutex<ChangedKeys>>);

struct LastBatch(Box<dyn Watch>, Arc<Mutex<ChangedKeys>>);

impl Defect for LastBatchOnly {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let applied = right.write(batch);
        *last = batch.changes().iter().map(|change| change.key.clone()).collect();
        applied
    }

    fn watch(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        Ok(Box::new(LastBatch(right.watch(prefix)?, Arc::clone(&self.0))))
    }
}

impl Watch for LastBatch {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        self.0.wait(timeout)
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn catch_up(&mut self) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn a_feed_that_forgets_a_key_when_another_batch_follows_is_caught() {
    assert_caught_saying(LastBatchOnly::default, "named_keys_show_one_moment", "is seen in part");
}
