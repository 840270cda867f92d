//! A future may be dropped at any moment.

use std::future::poll_fn;
use std::task::{Context, Poll};

use tokio::task::yield_now;

use super::{AsyncFixture, polled};
use crate::aio::BoxFuture;
use crate::testing::cases::batches::{batch, set};
use crate::testing::fixture::{ok, skip};
use crate::{
    ErrorKind,
    backend::{Batch, Change, Encoded, Key, Stored},
};

/// More often than any call of a backend has to wait.
const MOST_POLLS: usize = 40;

fn value(bytes: &str) -> Stored {
    Stored::Value(Encoded::from(bytes.as_bytes()))
}

/// A future that was never polled has done nothing.
pub fn unpolled_write_does_nothing(f: &AsyncFixture) {
    let key = f.key("theme");
    drop(f.backend().write(&Batch::one(set(&key, b"dark"))));
    f.expect(&key, None, "a write whose future was never polled has not happened");
}

/// Wherever its future is dropped, a batch reached the store as a whole or not at all.
pub fn dropped_write_is_whole_or_nothing(f: &AsyncFixture) {
    let keys = [f.key("a"), f.key("b"), f.key("c")];
    f.block_on(async {
        for times in 1..=MOST_POLLS {
            let bytes = times.to_string();
            let whole = batch(keys.iter().map(|key| set(key, bytes.as_bytes())).collect());
            let done = match polled(f.backend().write(&whole), times).await {
                Some(Err(error)) if error.kind() == ErrorKind::Unsupported && !f.capability().atomic_batch => {
                    return skip("the backend has no atomic batches, and says so");
                }
                Some(result) => {
                    drop(ok(result, "a write"));
                    true
                }
                None => false,
            };
            // The batch may still be on its way: at whatever moment one looks, it is there or not.
            for _ in 0..5 {
                let found = read(f, &keys.each_ref()).await;
                let same = found.iter().all(|stored| *stored == found[0]);
                assert!(same, "broken: a batch whose future is dropped after {times} polls is never seen in part");
                yield_now().await;
            }
            if done {
                return;
            }
        }
    });
}

/// After a dropped read, a read of something else gets its own answer.
pub fn dropped_read_leaves_no_reply_behind(f: &AsyncFixture) {
    let keys: Vec<Key> = (0..8).map(|i| f.key(&format!("k{i}"))).collect();
    (0_u8..).zip(&keys).for_each(|(i, key)| f.set(key, &[b'0' + i]));
    f.block_on(async {
        for times in 0..MOST_POLLS {
            let (one, other) = (times % keys.len(), (times + 1) % keys.len());
            let done = polled(f.backend().read(&[&keys[one]]), times).await.is_some();
            let found = read(f, &[&keys[other]]).await;
            let wanted = value(&other.to_string());
            assert!(found == [wanted], "broken: a call is not given the reply of a dropped one (after {times} polls)");
            if done {
                return;
            }
        }
    });
}

/// Of calls under way at the same time some are dropped: the others get their own replies.
pub fn dropped_calls_do_not_disturb_their_neighbours(f: &AsyncFixture) {
    let keys: Vec<Key> = (0..10).map(|i| f.key(&format!("k{i}"))).collect();
    (0_u8..).zip(&keys).for_each(|(i, key)| f.set(key, &[b'0' + i]));
    f.block_on(async {
        for times in 1..6 {
            // All are begun before any is waited for, and every other one is dropped.
            let refs: Vec<[&Key; 1]> = keys.iter().map(|key| [key]).collect();
            let mut reads: Vec<_> = refs.iter().map(|keys| Under::Way(f.backend().read(keys))).collect();
            for _ in 0..times {
                poll_fn(|context| {
                    reads.iter_mut().for_each(|read| read.poll(context));
                    Poll::Ready(())
                })
                .await;
                yield_now().await;
            }
            for (i, read) in reads.into_iter().enumerate().filter(|(i, _)| i % 2 == 0) {
                let found = ok(read.end().await, "a read beside dropped ones");
                assert!(found == [value(&i.to_string())], "broken: a call beside dropped ones gets its own reply");
            }
        }
    });
}

/// After a dropped write, another one is told what was there under its own keys.
pub fn dropped_write_leaves_no_reply_behind(f: &AsyncFixture) {
    let (one, other) = (f.key("one"), f.key("other"));
    f.set(&other, b"0");
    f.block_on(async {
        for times in 0..MOST_POLLS {
            let dropped = Batch::one(set(&one, b"dropped")).wanting_previous(true);
            let done = polled(f.backend().write(&dropped), times).await.is_some();
            let next = Batch::one(set(&other, (times + 1).to_string().as_bytes())).wanting_previous(true);
            let applied = ok(f.backend().write(&next).await, "a write after a dropped one");
            let wanted = crate::backend::Applied::Done(vec![value(&times.to_string())]);
            assert!(applied == wanted, "broken: a write is not given the reply of a dropped one (after {times} polls)");
            if done {
                return;
            }
        }
    });
}

/// However many futures are dropped wherever, nothing stays locked or lent out.
pub fn dropped_calls_leave_it_usable(f: &AsyncFixture) {
    let key = f.key("theme");
    let prefix = f.prefix("");
    f.block_on(async {
        let backend = f.backend();
        for _ in 0..25 {
            for times in 0..5 {
                let write = Batch::one(set(&key, b"dropped"));
                drop(polled(backend.read(&[&key]), times).await);
                drop(polled(backend.write(&write), times).await);
                drop(polled(backend.list(&prefix), times).await);
                drop(polled(backend.ping(), times).await);
                drop(polled(backend.migrate(), times).await);
            }
        }
        let last = f.key("last");
        drop(ok(backend.write(&Batch::one(set(&last, b"light"))).await, "a write after dropped calls"));
        assert!(read(f, &[&last]).await == [value("light")], "a write after dropped calls is in the store");
        drop(ok(backend.list(&prefix).await, "a listing after dropped calls"));
        ok(backend.ping().await, "a ping after dropped calls");
        drop(ok(backend.write(&Batch::one(Change::remove(last.clone()))).await, "a removal after dropped calls"));
    });
}

/// What a dropped wait on a feed would have told is told by the next one.
pub fn dropped_wait_loses_no_change(f: &AsyncFixture) {
    if !f.capability().watch {
        return skip("the backend has no feed of changes");
    }
    let (key, prefix) = (f.key("theme"), f.prefix(""));
    f.block_on(async {
        let mut feed = ok(f.backend().watch(&prefix).await, "opening the feed that `capability().watch` promises");
        for times in 0..6 {
            let change = Batch::one(set(&key, times.to_string().as_bytes()));
            drop(ok(f.backend().write(&change).await, "a write beside a feed"));
            match polled(feed.changed(), times).await {
                Some(result) => ok(result, "a wait on a feed"),
                // Where the change is lost, this never ends, and the case is late.
                None => ok(feed.changed().await, "a wait on a feed after a dropped one"),
            }
        }
    });
}

async fn read(f: &AsyncFixture, keys: &[&Key]) -> Vec<Stored> {
    ok(f.backend().read(keys).await, "a read of a store that answers")
}

/// A call that is polled together with others.
enum Under<'a, T> {
    Way(BoxFuture<'a, T>),
    Ready(T),
}

impl<T> Under<'_, T> {
    fn poll(&mut self, context: &mut Context<'_>) {
        if let Self::Way(future) = self
            && let Poll::Ready(value) = future.as_mut().poll(context)
        {
            *self = Self::Ready(value);
        }
    }

    async fn end(self) -> T {
        match self {
            Self::Way(future) => future.await,
            Self::Ready(value) => value,
        }
    }
}
