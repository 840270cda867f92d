//! The future of a fetch, polled by every task that waits for the fetch.
//!
//! A future makes progress only while it is polled. The task that started a fetch may keep the future without polling it: in
//! the branch of a `select!`, or in a stream of futures. So all tasks that wait for a fetch own its future together. Whichever
//! of them is polled polls it, and it is dropped with the last of them.

use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use constance_core::aio::BoxFuture;
use parking_lot::Mutex;

use super::fetch::{End, Fetch};

/// The future of a fetch. It ends the fetch when it is ready, and when it is dropped.
///
/// The waiting tasks own it and the [`Fetch`] does not: a fetch that nobody waits for any more is dropped.
struct SharedFuture(Mutex<Option<BoxFuture<'static, ()>>>);

/// The tasks that wait for a fetch.
#[derive(Default)]
pub(super) struct Tasks {
    /// Woken when the future can make progress, and when the fetch has ended.
    wakers: Vec<Waker>,
    future: Weak<SharedFuture>,
    /// Whether a task is polling the future. No lock is held meanwhile.
    is_polled: bool,
    /// Whether the future was woken while it was polled.
    is_woken: bool,
}

impl Tasks {
    pub(super) fn take_wakers(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.wakers)
    }

    fn register(&mut self, waker: &Waker) {
        if !self.wakers.iter().any(|other| other.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
    }
}

/// A task that waits for a fetch, and polls its future meanwhile.
pub(super) struct FetchWaiter {
    fetch: Arc<Fetch>,
    future: Option<Arc<SharedFuture>>,
}

impl FetchWaiter {
    /// Joins a fetch.
    pub(super) fn new(fetch: Arc<Fetch>) -> Self {
        Self { fetch, future: None }
    }

    /// Gives a fetch its future, for all tasks that join it.
    pub(super) fn start(fetch: Arc<Fetch>, future: BoxFuture<'static, ()>) -> Self {
        let future = Arc::new(SharedFuture(Mutex::new(Some(future))));
        let mut progress = fetch.progress.lock();
        progress.tasks.future = Arc::downgrade(&future);
        // Of the tasks that joined before there was a future to poll.
        let wakers = progress.tasks.take_wakers();
        drop(progress);
        wakers.into_iter().for_each(Waker::wake);
        Self { fetch, future: Some(future) }
    }

    /// Waits for the end.
    pub(super) async fn ended(mut self) -> End {
        std::future::poll_fn(|context| self.poll(context.waker())).await
    }

    fn poll(&mut self, waker: &Waker) -> Poll<End> {
        let mut progress = self.fetch.progress.lock();
        if let Some(end) = &progress.end {
            return Poll::Ready(end.clone());
        }
        if self.future.is_none() {
            self.future = progress.tasks.future.upgrade();
        }
        let idle = self.future.as_ref().filter(|_| !progress.tasks.is_polled);
        let Some((shared, mut future)) = idle.and_then(|shared| Some((shared, shared.0.lock().take()?))) else {
            progress.tasks.register(waker);
            return Poll::Pending;
        };
        progress.tasks.is_polled = true;
        drop(progress);
        // A panic drops the future, which ends the fetch.
        if future.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.fetch)))).is_pending() {
            *shared.0.lock() = Some(future);
        }
        let mut progress = self.fetch.progress.lock();
        if let Some(end) = &progress.end {
            return Poll::Ready(end.clone());
        }
        progress.tasks.is_polled = false;
        progress.tasks.register(waker);
        // Woken while no task could poll it.
        let is_woken = std::mem::take(&mut progress.tasks.is_woken);
        let wakers = if is_woken { progress.tasks.take_wakers() } else { Vec::new() };
        drop(progress);
        wakers.into_iter().for_each(Waker::wake);
        Poll::Pending
    }
}

/// Wakes every waiting task, since any of them may never be polled again.
impl Wake for Fetch {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut progress = self.progress.lock();
        if progress.tasks.is_polled {
            progress.tasks.is_woken = true;
            return;
        }
        let wakers = progress.tasks.take_wakers();
        drop(progress);
        wakers.into_iter().for_each(Waker::wake);
    }
}
