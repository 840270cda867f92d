//! The backend by URL.

use std::sync::Arc;

use constance_core::{Error, ErrorKind, backend::Scheme};

use crate::MemoryBackend;

/// The URL scheme of this crate, for [`Registry::with`](constance_core::Registry::with): `memory://`.
///
/// Every open makes a backend of its own: an instance in memory has no name by which a second one could find it.
///
/// ```
/// use constance_core::{Backend, Registry};
///
/// let registry = Registry::new().with(constance_memory::schemes());
/// assert_eq!(registry.open("memory://")?.name(), "memory");
/// assert!(registry.open("memory://a-name").is_err());
/// # Ok::<(), constance_core::Error>(())
/// ```
pub fn schemes() -> impl IntoIterator<Item = Scheme> {
    [Scheme::new("memory", |url| match url {
        "memory:" | "memory://" => Ok(Arc::new(MemoryBackend::new())),
        // A name here would look as if two opens could meet under it.
        _ => Err(Error::new(ErrorKind::Configuration)
            .with_backend("memory")
            .with_detail("the URL says more than its scheme, and there is nothing to say")
            .with_hint("use memory://")),
    })]
}
