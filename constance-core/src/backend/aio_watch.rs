//! Following changes in a store, asynchronously.

use super::{BoxFuture, ChangedKeys};
use crate::{Result, WatchMode};

/// An open feed of changes under one prefix, made by [`AsyncBackend::watch`](super::AsyncBackend::watch).
///
/// As with [`Watch`](crate::backend::Watch), a feed says that something changed; changes may be merged, and a wake without
/// a change is allowed; a change without a wake is not; and a wake announces what can be read. A feed may name the keys that changed.
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

    /// The keys of all changes that the feed has noticed since this was last called: as
    /// [`Watch::changed_keys`](crate::backend::Watch::changed_keys). Default: everything, the feed does not name keys.
    fn changed_keys(&mut self) -> ChangedKeys {
        ChangedKeys::everything()
    }

    /// Makes sure that the feed has noticed every change that a read before this call can have shown: as
    /// [`Watch::catch_up`](crate::backend::Watch::catch_up). Default: `false`, it is not sure.
    ///
    /// The future may be dropped before it is ready; what was noticed by then is still named.
    ///
    /// # Errors
    ///
    /// Where the feed broke, as with [`changed`](Self::changed).
    fn catch_up(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async { Ok(false) })
    }

    /// How the feed learns of changes: as [`Watch::mode`](crate::backend::Watch::mode). Default: it is told.
    fn mode(&self) -> WatchMode {
        WatchMode::Pushed
    }
}
