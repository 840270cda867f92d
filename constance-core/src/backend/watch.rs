//! Following changes in a store.

use std::time::Duration;

use crate::Result;

/// An open feed of changes under one prefix, made by [`Backend::watch`](crate::Backend::watch).
///
/// A feed says that something changed, not what: the listener reads again. Changes may be merged, and a wake without a
/// change is allowed; a change without a wake is not.
///
/// A wake announces what can be read: it comes when the change is done, so that whoever reads at every wake, and at no other
/// time, through any backend on the store, does not miss one. A feed that wakes while the change is still being committed
/// leaves them with the old value.
pub trait Watch: Send {
    /// Waits until something changed since the last call (or since the feed was opened), at most `timeout`.
    ///
    /// # Errors
    ///
    /// Where the feed broke. The caller drops it, opens a new one and reads everything again.
    fn wait(&mut self, timeout: Duration) -> Result<Wake>;

    /// How the feed learns of changes, for the [status](crate::LiveStatus) of `live()`. It may change from one wait to the
    /// next. Default: it is told.
    fn mode(&self) -> WatchMode {
        WatchMode::Pushed
    }

    /// A function that ends a [`wait`](Self::wait) in another thread early. One call ends one wait, the next one if none is
    /// under way; it may be called after the feed was dropped. Default: `None`, there is none, and dropping a `live()` waits
    /// out the timeout.
    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        None
    }
}

/// How a [`Watch`] learns of changes.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchMode {
    /// The store tells of them.
    Pushed,
    /// The feed looks whether there are any.
    Looking {
        /// The time between two looks.
        every: Duration,
    },
}

/// Why a [`Watch::wait`] returned.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Something may have changed: read again. Also after a gap in the feed, however it was mended.
    Changed,
    /// The time is up and nothing changed.
    TimedOut,
    /// The [`interrupter`](Watch::interrupter) was called.
    Interrupted,
}
