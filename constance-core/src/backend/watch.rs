//! Following changes in a store.

use std::time::Duration;

use super::ChangedKeys;
use crate::Result;

/// An open feed of changes under one prefix, made by [`Backend::watch`](crate::Backend::watch).
///
/// A feed says that something changed: the listener reads again. Changes may be merged, and a wake without a change is allowed; a
/// change without a wake is not.
///
/// A wake announces what can be read: it comes when the change is done, so that whoever reads at every wake, and at no other
/// time, through any backend on the store, does not miss one. A feed that wakes while the change is still being committed
/// leaves them with the old value.
///
/// # Named keys
///
/// A feed may say which keys changed, so that a listener reads those alone: it overrides [`changed_keys`](Self::changed_keys) and
/// [`catch_up`](Self::catch_up) together. The second is there because a read is newer than the wake before it. Told of a batch
/// {a, b}, a listener may read the b of a later batch {b, c} beside the old c. So it asks the feed to catch up after the read, and what
/// it read counts only where no other key is named then.
///
/// A wrapper of a feed passes both on, or neither.
pub trait Watch: Send {
    /// Waits until something changed since the last call (or since the feed was opened), at most `timeout`.
    ///
    /// # Errors
    ///
    /// Where the feed broke. The caller drops it, opens a new one and reads everything again.
    fn wait(&mut self, timeout: Duration) -> Result<Wake>;

    /// The keys of all changes that the feed has noticed since this was last called, or since it was opened. Asked after a wake: the
    /// changes that it told of are among them. More keys than changed do no harm; a key that is left out does.
    ///
    /// Default: everything, the feed does not name keys.
    fn changed_keys(&mut self) -> ChangedKeys {
        ChangedKeys::everything()
    }

    /// Makes sure that the feed has noticed every change that a read before this call can have shown, so that
    /// [`changed_keys`](Self::changed_keys) names it. Says whether that is sure. It is called after each read of named keys, and takes
    /// no longer than about a second: a listener who is told `false` reads everything.
    ///
    /// A store in this process looks at its own list of changes. One behind a connection has the server answer on the connection by
    /// which changes arrive, since what was sent before the answer is there before it.
    ///
    /// Default: `false`, it is not sure.
    ///
    /// # Errors
    ///
    /// Where the feed broke, as with [`wait`](Self::wait).
    fn catch_up(&mut self) -> Result<bool> {
        Ok(false)
    }

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
