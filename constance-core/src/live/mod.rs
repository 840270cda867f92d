//! Settings that follow the store in the background.

mod core;
mod fixed;
mod options;
mod reader;
#[cfg(feature = "tokio")]
mod receiver;
mod status;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::Guard;

pub(crate) use self::core::{Core, Keeper, Rested, no_thread};
pub use self::options::LiveOptions;
pub use self::reader::LiveReader;
#[cfg(feature = "tokio")]
pub use self::receiver::LiveReceiver;
pub use self::status::{LiveMode, LiveStatus};
use crate::overrides::Scope;

/// Settings held in the process and kept up to date in the background; from [`Config::live`](crate::Config::live).
///
/// [`load`](Self::load) does no I/O, never fails and never blocks. When the store fails, the last good values stay, and
/// [`status`](Self::status) says so. Clones share the values; when the last one is dropped, the following ends. It fits the
/// `State` of an axum application.
///
/// ```
/// # use constance_core::{Config, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = "My Title")]
/// #     site_name: String,
/// # }
/// # let config = Config::<Shop>::new(MemoryBackend::default());
/// let live = config.live()?;
/// assert_eq!(live.load().site_name, "My Title");
/// config.set(Shop::SITE_NAME, "Shop".to_owned())?;
/// assert_eq!(live.load().site_name, "Shop");
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct Live<S> {
    core: Arc<Core<S>>,
    keeper: Arc<Keeper<S>>,
    scope: Option<Arc<Scope>>,
    /// The version that this handle's `wait_for_change` last returned for.
    seen: AtomicU64,
}

/// The settings at one moment, from [`Live::load`]. Keep it for a short time only: it keeps old values alive.
pub struct LiveGuard<S>(Guard<Arc<S>>);

impl<S: Clone + Send + Sync + 'static> Live<S> {
    pub(crate) fn new(keeper: Arc<Keeper<S>>, scope: Option<Arc<Scope>>) -> Self {
        let core = Arc::clone(keeper.core());
        if let Some(scope) = &scope {
            scope.tell(&core);
        }
        let live = Self { core, keeper, scope, seen: AtomicU64::new(0) };
        live.seen.store(live.version(), Ordering::Relaxed);
        live
    }

    /// The settings now, all of one moment: no I/O, no lock, no allocation.
    #[must_use]
    #[inline]
    pub fn load(&self) -> LiveGuard<S> {
        if let Some(scope) = &self.scope
            && let Some((overridden, _)) = self.core.overridden(scope)
        {
            return LiveGuard(Guard::from_inner(overridden));
        }
        LiveGuard(self.core.load())
    }

    /// A handle for one thread's hot loop, whose reads cost about a nanosecond.
    #[must_use]
    pub fn reader(&self) -> LiveReader<S> {
        LiveReader::new(self.clone())
    }

    /// A handle for a task that waits for changes, as a receiver of `tokio::sync::watch` does. Feature `tokio`.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn receiver(&self) -> LiveReceiver<S> {
        LiveReceiver::new(self.clone())
    }

    /// Waits until the settings are others than when this handle was made, cloned, or last returned from here; at most
    /// `timeout`. Says whether they are. A change in between is not missed.
    #[must_use]
    pub fn wait_for_change(&self, timeout: Duration) -> bool {
        let seen = self.seen.load(Ordering::Relaxed);
        let now = self.core.wait(timeout, || Some(self.version()).filter(|version| *version != seen));
        if let Some(now) = now {
            self.seen.store(now, Ordering::Relaxed);
        }
        now.is_some()
    }

    /// How current the values are.
    #[must_use]
    pub fn status(&self) -> LiveStatus {
        let mut status = self.core.status();
        if let Some(scope) = &self.scope
            && let Some((_, Some(broken))) = self.core.overridden(scope)
        {
            status.last_error.get_or_insert(broken);
        }
        status
    }

    fn version(&self) -> u64 {
        self.core.version() + self.scope.as_ref().map_or(0, |scope| scope.version())
    }
}

impl<S: Clone + Send + Sync + 'static> Clone for Live<S> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.keeper), self.scope.clone())
    }
}

impl<S> Deref for LiveGuard<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S: Clone + Send + Sync + 'static> fmt::Debug for Live<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("status", &self.status()).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for LiveGuard<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveGuard").finish_non_exhaustive()
    }
}
