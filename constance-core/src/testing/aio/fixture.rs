//! What a case for asynchronous backends works with.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::task::Poll;

use tokio::runtime::Handle;

use super::{AsyncOpened, Bridged, runtime};
use crate::aio::{AsyncBackend, BlockOn, BoxFuture};
use crate::testing::Fixture;

/// An asynchronous backend, beside what every [`Fixture`] has, whose words reach the same backend.
pub struct AsyncFixture {
    sync: Fixture<'static>,
    backend: Arc<dyn AsyncBackend>,
    runtime: Handle,
}

impl AsyncFixture {
    /// A fixture over what `make` opens, or `None` where the service is missing.
    pub fn new<O: AsyncOpened>(make: impl FnOnce() -> O) -> Option<Self> {
        let runtime = runtime();
        let (backend, confined) = {
            let _entered = runtime.enter();
            let opened = make();
            let confined = opened.is_confined();
            (opened.opened()?, confined)
        };
        let (bridged, handle) = (Arc::clone(&backend), runtime.clone());
        let sync = Fixture::new(move || Bridged {
            backend: Some(BlockOn::new(Arc::clone(&bridged), handle.clone())),
            confined,
        })?;
        Some(Self { sync, backend, runtime })
    }

    /// The backend under test.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn AsyncBackend> {
        &self.backend
    }

    /// The runtime, to start tasks in.
    #[must_use]
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Waits for a future in this thread.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

impl Deref for AsyncFixture {
    type Target = Fixture<'static>;

    fn deref(&self) -> &Fixture<'static> {
        &self.sync
    }
}

impl fmt::Debug for AsyncFixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sync: _, backend, runtime: _ } = self;
        f.debug_struct("AsyncFixture").field("backend", backend).finish_non_exhaustive()
    }
}

/// Polls a future this often, each time when it asks to be, and drops it: what it gave, if it was ready by then.
///
/// With 0 it is dropped without having been polled. A test that goes through 1, 2, 3, … drops a future at every place where
/// it waits.
pub async fn polled<T>(mut future: BoxFuture<'_, T>, times: usize) -> Option<T> {
    let mut left = times;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
