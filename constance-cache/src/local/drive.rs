//! A fetch that every task drives which waits for it.
//!
//! A future gets on only while it is polled, and who began a fetch may keep its future and not poll it: in the branch of a
//! `select!`, or in a stream of futures. So the fetch is nobody's own. It belongs to all who wait for it, whoever of them is
//! polled polls it, and it goes when the last of them does.

use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use constance_core::aio::BoxFuture;
use parking_lot::Mutex;

use super::flight::{End, Flight};

/// The future of a fetch, which ends its flight when it is done, and when it is dropped.
///
/// Those who wait keep it and the flight does not: a fetch that nobody waits for any more is over.
struct Drive(Mutex<Option<BoxFuture<'static, ()>>>);

/// What the tasks that wait for a flight agree on.
#[derive(Default)]
pub(super) struct Tasks {
    /// Who is to poll the fetch when it may get on, or to be told of its end.
    wakers: Vec<Waker>,
    drive: Weak<Drive>,
    /// Somebody polls the fetch. No lock is held meanwhile.
    polled: bool,
    /// It was woken meanwhile.
    again: bool,
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

/// Somebody who waits for a flight in a task, and drives it.
pub(super) struct Rider {
    flight: Arc<Flight>,
    drive: Option<Arc<Drive>>,
}

impl Rider {
    /// Joins a flight.
    pub(super) fn new(flight: Arc<Flight>) -> Self {
        Self { flight, drive: None }
    }

    /// Begins the fetch of a flight, for all who join it.
    pub(super) fn start(flight: Arc<Flight>, fetch: BoxFuture<'static, ()>) -> Self {
        let drive = Arc::new(Drive(Mutex::new(Some(fetch))));
        let mut progress = flight.progress.lock();
        progress.tasks.drive = Arc::downgrade(&drive);
        // Who joined when there was nothing to poll yet.
        let wakers = progress.tasks.take_wakers();
        drop(progress);
        wakers.into_iter().for_each(Waker::wake);
        Self { flight, drive: Some(drive) }
    }

    /// Waits for the end.
    pub(super) async fn ended(mut self) -> End {
        std::future::poll_fn(|context| self.poll(context.waker())).await
    }

    fn poll(&mut self, waker: &Waker) -> Poll<End> {
        let mut progress = self.flight.progress.lock();
        if let Some(end) = &progress.end {
            return Poll::Ready(end.clone());
        }
        if self.drive.is_none() {
            self.drive = progress.tasks.drive.upgrade();
        }
        let free = self.drive.as_ref().filter(|_| !progress.tasks.polled);
        let Some((drive, mut fetch)) = free.and_then(|drive| Some((drive, drive.0.lock().take()?))) else {
            progress.tasks.register(waker);
            return Poll::Pending;
        };
        progress.tasks.polled = true;
        drop(progress);
        // A panic in it drops it, which ends the flight.
        if fetch.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.flight)))).is_pending() {
            *drive.0.lock() = Some(fetch);
        }
        let mut progress = self.flight.progress.lock();
        if let Some(end) = &progress.end {
            return Poll::Ready(end.clone());
        }
        progress.tasks.polled = false;
        progress.tasks.register(waker);
        // Woken before there was anybody who could poll it.
        let wakers = if std::mem::take(&mut progress.tasks.again) { progress.tasks.take_wakers() } else { Vec::new() };
        drop(progress);
        wakers.into_iter().for_each(Waker::wake);
        Poll::Pending
    }
}

/// The fetch may get on: everybody who waits is told, since any of them may never poll it again.
impl Wake for Flight {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut progress = self.progress.lock();
        if progress.tasks.polled {
            progress.tasks.again = true;
            return;
        }
        let wakers = progress.tasks.take_wakers();
        drop(progress);
        wakers.into_iter().for_each(Waker::wake);
    }
}
