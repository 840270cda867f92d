//! What a function that opens an asynchronous backend may return.

use std::sync::Arc;

use crate::Backend;
use crate::aio::{AsyncBackend, BlockOn};
use crate::testing::{Confined, Opened};

/// An asynchronous backend, or `None` where its service is not there: as [`Opened`](crate::testing::Opened).
pub trait AsyncOpened {
    /// The backend, if there is one.
    fn opened(self) -> Option<Arc<dyn AsyncBackend>>;

    /// As [`Opened::is_confined`](crate::testing::Opened::is_confined).
    fn is_confined(&self) -> bool {
        false
    }
}

impl<O: AsyncOpened> AsyncOpened for Confined<O> {
    fn opened(self) -> Option<Arc<dyn AsyncBackend>> {
        self.0.opened()
    }

    fn is_confined(&self) -> bool {
        true
    }
}

/// An asynchronous backend behind the bridge, as the suite opens it.
#[derive(Debug)]
pub struct Bridged {
    pub(super) backend: Option<BlockOn<Arc<dyn AsyncBackend>>>,
    pub(super) confined: bool,
}

impl<'b> Opened<'b> for Bridged {
    fn opened(self) -> Option<Box<dyn Backend + 'b>> {
        self.backend.opened()
    }

    fn is_confined(&self) -> bool {
        self.confined
    }
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
