//! What a function that opens an asynchronous backend may return.

use std::sync::Arc;

use crate::aio::AsyncBackend;

/// An asynchronous backend, or `None` where its service is not there: as [`Opened`](crate::testing::Opened).
pub trait AsyncOpened {
    /// The backend, if there is one.
    fn opened(self) -> Option<Arc<dyn AsyncBackend>>;
}

impl<B: AsyncBackend + 'static> AsyncOpened for B {
    fn opened(self) -> Option<Arc<dyn AsyncBackend>> {
        Some(Arc::new(self))
    }
}

impl<B: AsyncBackend + 'static> AsyncOpened for Option<B> {
    fn opened(self) -> Option<Arc<dyn AsyncBackend>> {
        self.map(|backend| Arc::new(backend) as _)
    }
}
