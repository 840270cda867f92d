//! Feeds that sleep, or do not let go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use constance_core::{
    Error, ErrorKind, Prefix, Result,
    backend::{Applied, Batch, Key, Stored, Wake, Watch},
};

use super::wrong::{Defect, Inside, assert_caught, assert_silence_is_caught};

/// A feed is changed after it is opened.
#[derive(Debug)]
struct Feeds(fn(Box<dyn Watch>) -> Box<dyn Watch>);

impl Defect for Feeds {
    fn watch(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        right.watch(prefix).map(self.0)
    }
}

/// Answers after a moment what it always answers.
struct Always(Wake);

impl Watch for Always {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        // As long as the caller allows, but without holding up the test: a right feed tells nothing earlier.
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        let _ = never.recv_timeout(timeout.min(Duration::from_millis(5)));
        Ok(self.0)
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        None
    }
}

#[test]
fn a_feed_that_always_says_changed_is_caught() {
    assert_caught(|| Feeds(|_| Box::new(Always(Wake::Changed))), &["quiet_feed_times_out"]);
}

#[test]
fn a_feed_that_never_wakes_is_caught() {
    let by = ["every_change_wakes", "removal_wakes", "batch_wakes", "every_feed_wakes", "change_during_a_wait_wakes"];
    assert_silence_is_caught(|| Feeds(|_| Box::new(Always(Wake::TimedOut))), &by);
}

/// Begins at its first wait, and so misses what came before it.
struct LateStart(Option<Box<dyn Watch>>, bool);

impl Watch for LateStart {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let Some(feed) = self.0.as_mut() else { return Ok(Wake::TimedOut) };
        if !std::mem::replace(&mut self.1, true) {
            while feed.wait(Duration::ZERO)? == Wake::Changed {}
        }
        feed.wait(timeout)
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.0.as_ref()?.interrupter()
    }
}

#[test]
fn a_change_lost_between_opening_and_waiting_is_caught() {
    assert_silence_is_caught(
        || Feeds(|feed| Box::new(LateStart(Some(feed), false))),
        &["change_before_the_first_wait_wakes"],
    );
}

/// Cannot be interrupted, and says that it can.
struct Deaf(Box<dyn Watch>);

impl Watch for Deaf {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        self.0.wait(timeout)
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        Some(Box::new(|| ()))
    }
}

#[test]
fn an_interrupter_that_does_nothing_is_caught() {
    let by = ["interrupter_ends_a_wait", "interrupt_before_a_wait_is_kept"];
    assert_silence_is_caught(|| Feeds(|feed| Box::new(Deaf(feed))), &by);
}

/// No feed under a prefix that looks odd.
#[derive(Debug)]
struct PlainPrefixesOnly;

impl Defect for PlainPrefixesOnly {
    fn watch(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        if prefix.as_str().contains(['%', '*', '\'']) {
            return Err(Error::new(ErrorKind::Unsupported));
        }
        right.watch(prefix)
    }
}

#[test]
fn a_feed_that_does_not_take_every_prefix_is_caught() {
    assert_caught(|| PlainPrefixesOnly, &["odd_prefixes_can_be_watched"]);
}

/// Tells of one change, and sleeps.
struct Once(Option<Box<dyn Watch>>);

impl Watch for Once {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let Some(feed) = self.0.as_mut() else { return Always(Wake::TimedOut).wait(timeout) };
        let wake = feed.wait(timeout)?;
        if wake == Wake::Changed {
            self.0 = None;
        }
        Ok(wake)
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.0.as_ref()?.interrupter()
    }
}

#[test]
fn a_feed_that_wakes_once_is_caught() {
    let by = ["changes_elsewhere_hide_nothing", "every_change_wakes"];
    assert_silence_is_caught(|| Feeds(|feed| Box::new(Once(Some(feed)))), &by);
}

/// Tells of a change before it is done.
#[derive(Debug, Default)]
struct TooEarly {
    told: Arc<Told>,
    reads: AtomicUsize,
}

/// How many changes were told of.
#[derive(Debug, Default)]
struct Told(Mutex<usize>, Condvar);

impl TooEarly {
    /// Until somebody who was woken has read, where anybody was.
    fn rest(&self) {
        let (before, begun) = (self.reads.load(Ordering::Relaxed), Instant::now());
        while self.reads.load(Ordering::Relaxed) == before && begun.elapsed() < Duration::from_millis(50) {
            std::thread::yield_now();
        }
    }
}

impl Defect for TooEarly {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let found = right.read(keys);
        self.reads.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        *self.told.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.told.1.notify_all();
        self.rest();
        right.write(batch)
    }

    fn watch(&self, _right: &dyn Inside, _prefix: &Prefix) -> Result<Box<dyn Watch>> {
        let heard = *self.told.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Box::new(Early { told: Arc::clone(&self.told), heard }))
    }
}

struct Early {
    told: Arc<Told>,
    heard: usize,
}

impl Watch for Early {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let told = self.told.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.told.1.wait_timeout_while(told, timeout, |told| *told == self.heard);
        let (told, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if *told == self.heard {
            return Ok(Wake::TimedOut);
        }
        self.heard = *told;
        Ok(Wake::Changed)
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        None
    }
}

#[test]
fn a_feed_that_wakes_before_the_change_is_done_is_caught() {
    assert_silence_is_caught(TooEarly::default, &["wake_announces_what_can_be_read"]);
}
