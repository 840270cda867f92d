//! Waiting for a future in a thread.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// Wakes a thread that polls a future; can end its wait.
#[derive(Default)]
pub(super) struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    woken: bool,
    interrupted: bool,
}

/// Why a wait ended.
pub(super) enum Ended<T> {
    Ready(T),
    TimedOut,
    Interrupted,
}

impl Signal {
    /// Polls in this thread until the future is ready, the time is up, or somebody interrupts. It is polled once at least.
    pub(super) fn wait<F: Future + ?Sized>(
        self: &Arc<Self>,
        mut future: Pin<&mut F>,
        deadline: Option<Instant>,
    ) -> Ended<F::Output> {
        let waker = Waker::from(Arc::clone(self));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Ended::Ready(value);
            }
            let mut state = self.state.lock();
            while !std::mem::take(&mut state.woken) {
                if std::mem::take(&mut state.interrupted) {
                    return Ended::Interrupted;
                }
                match deadline {
                    Some(deadline) if self.changed.wait_until(&mut state, deadline).timed_out() => {
                        return Ended::TimedOut;
                    }
                    Some(_) => {}
                    None => self.changed.wait(&mut state),
                }
            }
        }
    }

    /// Ends the wait under way, or else the next one.
    pub(super) fn interrupt(&self) {
        self.state.lock().interrupted = true;
        self.changed.notify_all();
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.state.lock().woken = true;
        self.changed.notify_all();
    }
}
