//! The backend by URL.

use std::path::Path;
use std::sync::Arc;

use constance_core::{Error, ErrorKind, backend::Scheme};

use crate::RedbBackend;

/// The URL scheme of this crate, for [`Registry::with`](constance_core::Registry::with): `redb:///path/of/the/file`.
pub fn schemes() -> impl IntoIterator<Item = Scheme> {
    [Scheme::new("redb", |url| match url.strip_prefix("redb://").map(Path::new) {
        Some(file) if file.is_absolute() => Ok(Arc::new(RedbBackend::new(file))),
        _ => Err(Error::new(ErrorKind::Configuration)
            .with_backend("redb")
            .with_detail("the URL names no file by its whole path")
            .with_hint("use redb:///var/lib/shop/settings.redb")),
    })]
}
