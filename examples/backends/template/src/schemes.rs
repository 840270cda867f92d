//! The backend by URL.

use std::sync::Arc;

use constance_core::{Error, ErrorKind, backend::Scheme};

use crate::{Client, TemplateBackend};

/// The URL scheme of this crate, for [`Registry::with`](constance_core::Registry::with): `template://`.
///
/// ```
/// use constance_core::{Backend, Registry};
///
/// let registry = Registry::new().with(constance_template::schemes());
/// assert_eq!(registry.open("template://")?.name(), "template");
/// # Ok::<(), constance_core::Error>(())
/// ```
pub fn schemes() -> impl IntoIterator<Item = Scheme> {
    [Scheme::new("template", |url| match url {
        "template:" | "template://" => Ok(Arc::new(TemplateBackend::new(Client::new()))),
        // Never the URL itself: it may have a password.
        _ => Err(Error::new(ErrorKind::Configuration)
            .with_backend("template")
            .with_detail("the URL says more than its scheme")
            .with_hint("use template://")),
    })]
}
