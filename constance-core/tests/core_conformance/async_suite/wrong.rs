//! Asynchronous backends with one defect each.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use constance_core::aio::{AsyncBackend, AsyncWatch, BoxFuture};
use constance_core::testing::{Outcome, ReferenceBackend, aio};
use constance_core::{
    Backend, Error, ErrorKind, Prefix, Result,
    backend::{Applied, Batch, Capability, Key, Stored},
};
use tokio::task::yield_now;

/// What goes wrong; everything else is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defect {
    None,
    /// Applies one change after the other, and waits in between.
    OneByOne,
    /// Replies come in a queue, and a dropped call leaves its own there.
    SharedReplies,
    /// A lock is taken by hand, and not given back by a dropped call.
    KeptLock,
    /// Does its work when it is called, before it is polled.
    Eager,
    /// What can be peeked at is not forgotten by a write.
    StalePeek,
    /// A wait takes the change, then waits once more.
    LostWake,
}

#[derive(Debug)]
struct Wrong {
    right: ReferenceBackend,
    defect: Defect,
    replies: Mutex<VecDeque<Result<Vec<Stored>>>>,
    locked: AtomicBool,
    held: Mutex<Option<(Key, Stored)>>,
}

impl Wrong {
    fn new(defect: Defect) -> Self {
        Self {
            right: ReferenceBackend::new(),
            defect,
            replies: Mutex::default(),
            locked: AtomicBool::new(false),
            held: Mutex::default(),
        }
    }

    async fn lock(&self) {
        if self.defect == Defect::KeptLock {
            while self.locked.swap(true, Ordering::SeqCst) {
                yield_now().await;
            }
            yield_now().await;
        }
    }

    fn unlock(&self) {
        self.locked.store(false, Ordering::SeqCst);
    }
}

impl AsyncBackend for Wrong {
    fn name(&self) -> &str {
        "wrong"
    }

    fn capability(&self) -> Capability {
        let watch = self.defect == Defect::LostWake;
        self.right.capability().with_watch(watch)
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        Box::pin(async move {
            self.lock().await;
            let found = self.right.read(keys);
            if self.defect == Defect::SharedReplies {
                self.replies.lock().expect("no panic").push_back(found);
                yield_now().await;
                return self.replies.lock().expect("no panic").pop_front().expect("one was pushed");
            }
            yield_now().await;
            if let (Defect::StalePeek, [key], Ok(found)) = (self.defect, keys, &found) {
                *self.held.lock().expect("no panic") = Some((Key::clone(key), found[0].clone()));
            }
            self.unlock();
            found
        })
    }

    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        Box::pin(async move {
            yield_now().await;
            self.right.list(prefix)
        })
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        if self.defect == Defect::Eager {
            let applied = self.right.write(batch);
            return Box::pin(async { applied });
        }
        Box::pin(async move {
            self.lock().await;
            yield_now().await;
            if self.defect == Defect::OneByOne {
                let mut previous = Vec::new();
                for change in batch.changes() {
                    let one = Batch::one(change.clone()).wanting_previous(batch.want_previous());
                    match self.right.write(&one)? {
                        Applied::Done(stored) => previous.extend(stored),
                        conflict => return Ok(conflict),
                    }
                    yield_now().await;
                }
                return Ok(Applied::Done(previous));
            }
            let applied = self.right.write(batch);
            self.unlock();
            applied
        })
    }

    fn peek(&self, key: &Key) -> Option<Stored> {
        let held = self.held.lock().expect("no panic");
        held.as_ref().filter(|(of, _)| of == key).map(|(_, stored)| stored.clone())
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Box<dyn AsyncWatch>>> {
        Box::pin(async move {
            if self.defect == Defect::LostWake {
                let inside = self.right.watch(prefix)?;
                return Ok(Box::new(Forgetful(inside)) as Box<dyn AsyncWatch>);
            }
            Err(Error::new(ErrorKind::Unsupported))
        })
    }
}

struct Forgetful(Box<dyn constance_core::backend::Watch>);

impl AsyncWatch for Forgetful {
    fn changed(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            while self.0.wait(Duration::ZERO)? != constance_core::backend::Wake::Changed {
                yield_now().await;
            }
            yield_now().await;
            Ok(())
        })
    }
}

const LONG: Duration = Duration::from_secs(60);
/// For a defect that is a hang.
const SHORT: Duration = Duration::from_secs(2);

#[track_caller]
fn assert_caught(defect: Defect, by: &str, deadline: Duration) {
    let case = aio::ALL.iter().find(|case| case.name() == by).expect("a case of this name");
    let right = case.check(|| Wrong::new(Defect::None), LONG);
    assert_eq!(right, Outcome::Passed, "{by} over the backend without the defect");
    let outcome = case.check(move || Wrong::new(defect), deadline);
    assert!(matches!(outcome, Outcome::Failed(_)), "{by} does not notice {defect:?}: {outcome:?}");
}

#[test]
fn a_right_backend_in_the_same_clothes_passes() {
    for case in aio::ALL {
        assert_eq!(case.check(|| Wrong::new(Defect::None), LONG), Outcome::Passed, "{}", case.name());
    }
}

#[test]
fn a_batch_that_a_dropped_future_tears_is_caught() {
    assert_caught(Defect::OneByOne, "dropped_write_is_whole_or_nothing", LONG);
}

#[test]
fn a_reply_that_is_left_behind_is_caught() {
    assert_caught(Defect::SharedReplies, "dropped_read_leaves_no_reply_behind", LONG);
    assert_caught(Defect::SharedReplies, "dropped_calls_do_not_disturb_their_neighbours", LONG);
}

#[test]
fn a_lock_that_a_dropped_future_keeps_is_caught() {
    assert_caught(Defect::KeptLock, "dropped_calls_leave_it_usable", SHORT);
}

#[test]
fn a_write_before_the_first_poll_is_caught() {
    assert_caught(Defect::Eager, "unpolled_write_does_nothing", LONG);
}

#[test]
fn a_look_at_what_is_no_longer_stored_is_caught() {
    assert_caught(Defect::StalePeek, "peek_agrees_with_read", LONG);
}

#[test]
fn a_wake_that_a_dropped_wait_takes_along_is_caught() {
    assert_caught(Defect::LostWake, "dropped_wait_loses_no_change", SHORT);
}
