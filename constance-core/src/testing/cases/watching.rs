//! A change wakes those who watch.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::batches::{batch, set};
use crate::testing::Fixture;
use crate::testing::fixture::{ok, read_one, skip};
use crate::{
    Backend, ErrorKind,
    backend::{Wake, Watch},
};

/// Long enough to find out that nothing comes, where something might still be on its way.
const QUIET: Duration = Duration::from_millis(40);

/// A feed without anything in it, or `None` where the backend has none and says so.
#[track_caller]
fn feed(f: &Fixture<'_>) -> Option<Box<dyn Watch>> {
    match f.backend().watch(&f.prefix("")) {
        Err(error) if !f.capability().watch => {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "a backend without a feed says `Unsupported`: {error}");
            skip("the backend has no feed of changes, and says so");
            None
        }
        Ok(_) if !f.capability().watch => {
            panic!("the backend has a feed, and says in `capability().watch` that it has none")
        }
        result => {
            let mut feed = ok(result, "opening the feed that `capability().watch` promises");
            quiet(&mut *feed);
            Some(feed)
        }
    }
}

/// Waits until nothing comes any more: what came before a change must not be taken for its wake.
#[track_caller]
fn quiet(feed: &mut dyn Watch) {
    for _ in 0..50 {
        if ok(feed.wait(QUIET), "a wait on a feed") == Wake::TimedOut {
            return;
        }
    }
}

#[track_caller]
pub(super) fn expect_wake(f: &Fixture<'_>, feed: &mut dyn Watch, what: &str) {
    expect_wake_by(f, feed, Instant::now() + f.patience(), what);
}

#[track_caller]
fn expect_wake_by(f: &Fixture<'_>, feed: &mut dyn Watch, deadline: Instant, what: &str) {
    while let Some(left) = deadline.checked_duration_since(Instant::now()) {
        if ok(feed.wait(left), "a wait on a feed") == Wake::Changed {
            return;
        }
    }
    panic!("broken: a change wakes the feed; {what} did not within {} s", f.patience().as_secs());
}

/// Whether or not there is a feed, `capability().watch` says so.
pub fn watch_capability_is_the_truth(f: &Fixture<'_>) {
    let Some(mut feed) = feed(f) else { return };
    f.set(&f.key("theme"), b"dark");
    expect_wake(f, &mut *feed, "a first value");
}

/// Nothing falls between opening a feed and the first wait.
pub fn change_before_the_first_wait_wakes(f: &Fixture<'_>) {
    if !f.capability().watch {
        return drop(feed(f));
    }
    let mut feed = ok(f.backend().watch(&f.prefix("")), "opening the feed that `capability().watch` promises");
    f.set(&f.key("theme"), b"dark");
    expect_wake(f, &mut *feed, "a change after the feed was opened and before it was waited on");
}

/// Every change, not only the first.
pub fn every_change_wakes(f: &Fixture<'_>) {
    let Some(mut feed) = feed(f) else { return };
    let key = f.key("theme");
    for value in [b"1", b"2", b"3"] {
        f.set(&key, value);
        expect_wake(f, &mut *feed, "a changed value");
        quiet(&mut *feed);
    }
}

/// A removal is a change.
pub fn removal_wakes(f: &Fixture<'_>) {
    let key = f.key("theme");
    f.set(&key, b"dark");
    let Some(mut feed) = feed(f) else { return };
    f.remove(&key);
    expect_wake(f, &mut *feed, "a removal");
}

/// A batch is one change or several.
pub fn batch_wakes(f: &Fixture<'_>) {
    let Some(mut feed) = feed(f) else { return };
    let changes = vec![set(&f.key("a"), b"1"), set(&f.key("b"), b"1")];
    if f.write_several(&batch(changes)).is_some() {
        expect_wake(f, &mut *feed, "a batch");
    }
}

/// A wait that has begun already.
pub fn change_during_a_wait_wakes(f: &Fixture<'_>) {
    let Some(mut feed) = feed(f) else { return };
    let key = f.key("theme");
    let (beginning, begun) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = beginning.send(());
            expect_wake(f, &mut *feed, "a change by another thread");
        });
        let _ = begun.recv();
        f.set(&key, b"dark");
    });
}

/// Each of two feeds learns of a change.
pub fn every_feed_wakes(f: &Fixture<'_>) {
    let (Some(mut one), Some(mut other)) = (feed(f), feed(f)) else { return };
    f.set(&f.key("theme"), b"dark");
    expect_wake(f, &mut *one, "a change, for the first of two feeds,");
    expect_wake(f, &mut *other, "a change, for the second of two feeds,");
    drop(one);
    quiet(&mut *other);
    f.set(&f.key("theme"), b"light");
    expect_wake(f, &mut *other, "a change after another feed was dropped");
}

/// Somebody who reads at every wake, and at no other time, does not miss a change.
pub fn wake_announces_what_can_be_read(f: &Fixture<'_>) {
    const ROUNDS: usize = 20;
    const ENOUGH: Duration = Duration::from_secs(2);
    let Some(feed_here) = feed(f) else { return };
    // As in another process, where the store can have one.
    let another = f.capability().shared.then(|| f.another());
    let reader: &dyn Backend = another.as_deref().unwrap_or_else(|| f.backend());
    let mut feed = match &another {
        Some(backend) => ok(backend.watch(&f.prefix("")), "opening the feed that `capability().watch` promises"),
        None => feed_here,
    };
    let (key, begun) = (f.key("theme"), Instant::now());
    for round in 0..ROUNDS {
        let value = round.to_string();
        thread::scope(|scope| {
            scope.spawn(|| f.set(&key, value.as_bytes()));
            let deadline = Instant::now() + f.patience();
            loop {
                expect_wake_by(f, &mut *feed, deadline, "a change that can be read at the wake");
                if read_one(reader, &key).value().is_some_and(|found| found.as_bytes() == value.as_bytes()) {
                    break;
                }
            }
        });
        // A feed that looks now and then has shown it in fewer rounds.
        if begun.elapsed() > ENOUGH {
            break;
        }
    }
}

/// Changes elsewhere neither break a feed nor hide one here.
pub fn changes_elsewhere_hide_nothing(f: &Fixture<'_>) {
    let Some(mut feed) = feed(f) else { return };
    let elsewhere = f.key_under(&f.prefix("elsewhere:"), "theme");
    (0..20).for_each(|i| f.set(&elsewhere, format!("{i}").as_bytes()));
    quiet(&mut *feed);
    f.set(&f.key("theme"), b"dark");
    expect_wake(f, &mut *feed, "a change after many under another prefix");
}

/// The characters of a watched prefix stand for themselves too.
pub fn odd_prefixes_can_be_watched(f: &Fixture<'_>) {
    if !f.capability().watch {
        return drop(feed(f));
    }
    for tail in ["a%b*[c]:", "_:", "\\:", "'\":", "a b:", "\u{e9}\u{1f600}:"] {
        let prefix = f.prefix(tail);
        let mut feed = ok(f.backend().watch(&prefix), "opening a feed under any valid prefix");
        quiet(&mut *feed);
        f.set(&f.key_under(&prefix, "theme"), b"dark");
        expect_wake(f, &mut *feed, &format!("a change under {prefix:?}"));
    }
}

/// Without a change a wait ends with its timeout.
pub fn quiet_feed_times_out(f: &Fixture<'_>) {
    let Some(mut feed) = feed(f) else { return };
    for timeout in [Duration::ZERO, Duration::from_millis(1), QUIET] {
        // A wake without a change is allowed, but not for ever: cases that run beside this one may wake it for a while.
        let deadline = Instant::now() + f.patience();
        while ok(feed.wait(timeout), "a wait on a feed") != Wake::TimedOut {
            assert!(Instant::now() < deadline, "without a change a wait must end with `TimedOut`");
        }
    }
}

/// A call just before a wait is for that wait: whoever stops a thread can't know whether its wait has begun.
pub fn interrupt_before_a_wait_is_kept(f: &Fixture<'_>) {
    let Some(mut feed) = feed(f) else { return };
    let Some(interrupt) = feed.interrupter() else {
        return skip("the feed has no interrupter");
    };
    let deadline = Instant::now() + f.patience();
    interrupt();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match ok(feed.wait(left), "a wait that was interrupted before it began") {
            Wake::Interrupted => break,
            Wake::Changed if !left.is_zero() => {}
            other => panic!("broken: an interrupt before a wait is kept for it; the wait ended with {other:?}"),
        }
    }
    // It is for one wait, not for all.
    quiet(&mut *feed);
    f.set(&f.key("theme"), b"dark");
    expect_wake(f, &mut *feed, "a change after an interrupted wait");
}

/// The function that an open feed gives away ends its wait.
pub fn interrupter_ends_a_wait(f: &Fixture<'_>) {
    let Some(mut feed) = feed(f) else { return };
    let Some(interrupt) = feed.interrupter() else {
        return skip("the feed has no interrupter");
    };
    let (ending, ended) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let deadline = Instant::now() + f.patience();
            let mut wake = Wake::Changed;
            while let (Wake::Changed, Some(left)) = (wake, deadline.checked_duration_since(Instant::now())) {
                wake = ok(feed.wait(left), "a wait that is interrupted");
            }
            let _ = ending.send(wake);
        });
        // More than once: the first call may come before the wait has begun.
        let wake = loop {
            interrupt();
            match ended.recv_timeout(QUIET) {
                Ok(wake) => break wake,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                    panic!("a wait that is interrupted must not panic")
                }
            }
        };
        assert_eq!(wake, Wake::Interrupted, "an interrupted wait says so");
    });
    // The feed may be gone by now: to call it again must do no harm.
    interrupt();
}
