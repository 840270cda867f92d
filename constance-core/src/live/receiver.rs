//! Waiting for changes in a task.

use std::fmt;

use super::{Live, LiveGuard};

/// Waits in a task until the settings of a [`Live`] are others; from [`Live::receiver`]. Feature `tokio`.
///
/// It works as a receiver of `tokio::sync::watch`: each one remembers what it has seen, [`changed`](Self::changed) waits for
/// something newer, and changes in quick succession may be one. It is a handle like any other: the following goes on for as long
/// as it lives, so there is no end that `changed` would have to report. A clone has seen what the original has.
///
/// ```
/// # use constance_core::{Config, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = 10)]
/// #     workers: usize,
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> constance_core::Result<()> {
/// # let config = Config::<Shop>::new(MemoryBackend::default());
/// let live = config.live()?;
/// let mut settings = live.receiver();
/// let pool = tokio::spawn(async move {
///     settings.changed().await;
///     settings.load().workers
/// });
/// config.set(Shop::WORKERS, 20)?;
/// # let workers = pool.await.map_err(|_| constance_core::Error::new(constance_core::ErrorKind::Contract))?;
/// assert_eq!(workers, 20);
/// # Ok(())
/// # }
/// ```
pub struct LiveReceiver<S> {
    live: Live<S>,
    seen: u64,
}

impl<S: Clone + Send + Sync + 'static> LiveReceiver<S> {
    pub(super) fn new(live: Live<S>) -> Self {
        let seen = live.version();
        Self { live, seen }
    }

    /// Waits until the settings are others than when this was made, or last returned, and marks them as seen. A change in
    /// between is not missed.
    ///
    /// The future may be dropped: nothing is marked as seen then.
    pub async fn changed(&mut self) {
        loop {
            // Before the look, so that a change between the two is told.
            let told = self.live.core.told();
            let now = self.live.version();
            if now != self.seen {
                self.seen = now;
                return;
            }
            told.await;
        }
    }

    /// Whether [`changed`](Self::changed) would return at once. Marks nothing as seen.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.live.version() != self.seen
    }

    /// The settings now, as [`Live::load`]. Marks nothing as seen.
    #[must_use]
    pub fn load(&self) -> LiveGuard<S> {
        self.live.load()
    }
}

impl<S: Clone + Send + Sync + 'static> Clone for LiveReceiver<S> {
    fn clone(&self) -> Self {
        Self { live: self.live.clone(), seen: self.seen }
    }
}

impl<S: Clone + Send + Sync + 'static> fmt::Debug for LiveReceiver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveReceiver").field("live", &self.live).finish_non_exhaustive()
    }
}
