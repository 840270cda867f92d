//! Waiting for a future in a thread.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use crate::backend::Waitable;

/// Wakes a thread that polls a future; can end its wait.
#[derive(Default)]
pub(super) struct Signal(Waitable<State>);

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
            let mut state = self.0.lock();
            while !std::mem::take(&mut state.woken) {
                if std::mem::take(&mut state.interrupted) {
                    return Ended::Interrupted;
                }
                let is_late;
                (state, is_late) = self.0.wait_until(state, deadline);
                if is_late {
                    return Ended::TimedOut;
                }
            }
        }
    }

    /// Ends the wait under way, or else the next one.
    pub(super) fn interrupt(&self) {
        self.0.update(|state| state.interrupted = true);
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.update(|state| state.woken = true);
    }
}
