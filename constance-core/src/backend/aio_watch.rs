//! Following changes in a store, asynchronously.

use super::BoxFuture;
use crate::{Result, WatchMode};

/// An open feed of changes under one prefix, made by [`AsyncBackend::watch`](super::AsyncBackend::watch).
///
/// As with [`Watch`](crate::backend::Watch), a feed says that something changed, not what; changes may be merged, and a wake without
/// a change is allowed; a change without a wake is not; and a wake announces what can be read.
pub trait AsyncWatch: Send {
    /// Waits until something changed since the last call (or since the feed was opened), however long that takes.
    ///
    /// The future may be dropped before it is ready, after a timeout say: what comes then is told by the next call. It
    /// may be polled by another thread than the runtime's.
    ///
    /// # Errors
    ///
    /// Where the feed broke. The caller drops it, opens a new one and reads everything again.
    fn changed(&mut self) -> BoxFuture<'_, Result<()>>;

    /// How the feed learns of changes: as [`Watch::mode`](crate::backend::Watch::mode). Default: it is told.
    fn mode(&self) -> WatchMode {
        WatchMode::Pushed
    }
}
