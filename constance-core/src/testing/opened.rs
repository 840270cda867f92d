//! What a function that opens a backend may return.

use crate::Backend;

/// A backend, or `None` where the service that it needs is not there.
///
/// With `None` a case says that it is skipped, and passes; with `CONSTANCE_REQUIRE_SERVICES=1` in the environment it
/// fails, so that a run that is meant to test everything cannot pass by testing nothing.
pub trait Opened<'b> {
    /// The backend, if there is one.
    fn opened(self) -> Option<Box<dyn Backend + 'b>>;

    /// Whether the store lets this backend's user have no keys but those under the default prefix: see [`Confined`].
    /// Default: no.
    fn is_confined(&self) -> bool {
        false
    }
}

/// A backend whose user the store lets have no keys but those under the backend's default prefix, such as one with an ACL.
///
/// The suite then writes nothing elsewhere. The one case that would do so demands instead that it is refused as `Denied`, so
/// that this cannot be said of a user who may.
///
/// ```
/// # fn main() {}
/// # use constance_core::testing::ReferenceBackend;
/// # fn open_as_a_user_with_few_rights() -> Option<ReferenceBackend> { None }
/// use constance_core::testing::Confined;
///
/// constance_core::conformance_tests!(|| Confined(open_as_a_user_with_few_rights()));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Confined<O>(
    /// The backend, or an `Option` of one.
    pub O,
);

impl<'b, O: Opened<'b>> Opened<'b> for Confined<O> {
    fn opened(self) -> Option<Box<dyn Backend + 'b>> {
        self.0.opened()
    }

    fn is_confined(&self) -> bool {
        true
    }
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
