//! What a function that opens a backend may return.

use crate::Backend;

/// A backend, or `None` where the service that it needs is not there.
///
/// With `None` a case says that it is skipped, and passes; with `CONSTANCE_REQUIRE_SERVICES=1` in the environment it
/// fails, so that a run that is meant to test everything cannot pass by testing nothing.
pub trait Opened<'b> {
    /// The backend, if there is one.
    fn opened(self) -> Option<Box<dyn Backend + 'b>>;
}

impl<'b, B: Backend + 'b> Opened<'b> for B {
    fn opened(self) -> Option<Box<dyn Backend + 'b>> {
        Some(Box::new(self))
    }
}

impl<'b, B: Backend + 'b> Opened<'b> for Option<B> {
    fn opened(self) -> Option<Box<dyn Backend + 'b>> {
        self.map(|backend| Box::new(backend) as _)
    }
}
