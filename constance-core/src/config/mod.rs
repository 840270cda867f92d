//! The typed front.

mod access;
mod aliases;
mod builder;
mod change_set;
mod committed;
mod env;
mod follow;
mod front;
mod key_by_key;
mod keys;
#[cfg(feature = "pickle")]
mod legacy;
mod limits;
mod list;
mod overrides;
mod plan;
mod read;
mod stale;
mod subscribe;
mod transaction;
pub(crate) mod view;
mod write;
mod write_attempt;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use self::access::Access;
pub use self::builder::ConfigBuilder;
pub use self::change_set::ChangeSet;
pub(crate) use self::env::of_process;
#[cfg(feature = "tokio")]
pub(crate) use self::env::{named_prefix, named_url};
pub(crate) use self::front::Front;
#[cfg(feature = "tokio")]
pub(crate) use self::key_by_key::KeyByKey;
pub(crate) use self::keys::{Found, SettingKeys};
#[cfg(feature = "pickle")]
pub use self::legacy::{ConvertedLegacy, LegacyValues};
pub use self::list::SettingEntry;
pub use self::overrides::Overrides;
pub(crate) use self::plan::{Expected, Goal, Step};
pub use self::read::ReadAll;
#[cfg(feature = "tokio")]
pub(crate) use self::stale::joined;
pub use self::transaction::{TransactionChanges, TransactionConfig};
pub use self::view::{ConfigView, LiveView, LiveViewGuard, ViewChangeSet};
#[cfg(feature = "tokio")]
pub(crate) use self::write::YIELDS;
pub(crate) use self::write::back_off;
pub(crate) use self::write_attempt::MAX_TRIES;
#[cfg(feature = "tokio")]
pub(crate) use self::write_attempt::{WriteAttempt, WriteOutcome, WritePlan, may_be_outdated};
use crate::overrides::Scope;
use crate::{Action, Backend, Codec, MessagePack, Prefix, Result, Schema, Settings};

/// The settings of a struct `S` in a backend: get, set, reset, snapshot, change sets, events, [`live`](Self::live).
///
/// Every call reads or writes the backend, in one round trip where its documentation says no other number. Cloning is
/// cheap and shares everything. `Config<S>` holds any backend; [`ConfigBuilder::build_typed`] makes one that holds its
/// backend by type or by reference.
///
/// ```
/// use constance_core::{Config, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
///
/// #[derive(Debug, Clone, Settings)]
/// struct Shop {
///     /// Answer to the Ultimate Question of Life, The Universe, and Everything
///     #[setting(default = 42, min = 0)]
///     the_answer: i64,
/// }
///
/// let config = Config::<Shop>::new(MemoryBackend::default());
/// assert_eq!(config.get(Shop::THE_ANSWER)?, 42);
/// config.set(Shop::THE_ANSWER, 43)?;
/// assert_eq!(config.snapshot()?.the_answer, 43);
/// config.reset(Shop::THE_ANSWER)?;
/// assert_eq!(config.get(Shop::THE_ANSWER)?, 42);
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct Config<S, C = MessagePack, B = Arc<dyn Backend>> {
    pub(crate) inner: Arc<Inner<S, C, B>>,
    /// The overrides that this handle is subject to; none outside tests.
    pub(crate) scope: Option<Arc<Scope>>,
}

/// What all handles of one `Config` share.
pub(crate) struct Inner<S, C, B> {
    pub(crate) front: Front<S, C>,
    pub(crate) backend: B,
}

impl<S: Settings> Config<S> {
    /// The settings in a backend, under its default prefix. No I/O.
    ///
    /// # Panics
    ///
    /// Where the declaration of `S` contradicts itself (a default that breaks its own rule), or a name is too long for the
    /// backend's default prefix: both are defects of the program. [`builder`](Self::builder) gives them as an `Err`.
    #[must_use]
    #[expect(clippy::panic, reason = "documented; the builder is the way without")]
    pub fn new(backend: impl Backend + 'static) -> Self {
        match Self::builder(backend).build() {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        }
    }

    /// Begins a `Config` with another prefix or codec.
    #[must_use]
    pub fn builder<B: Backend>(backend: B) -> ConfigBuilder<S, MessagePack, B> {
        ConfigBuilder::new(backend, MessagePack)
    }
}

impl<S: Settings, C: Codec, B: Backend> Config<S, C, B> {
    /// The declared settings.
    #[must_use]
    pub fn schema(&self) -> &Schema<S, C> {
        &self.inner.schema
    }

    /// The prefix of every stored key.
    #[must_use]
    pub fn prefix(&self) -> &Prefix {
        &self.inner.prefix
    }

    /// The backend underneath.
    #[must_use]
    pub fn backend(&self) -> &B {
        &self.inner.backend
    }

    /// This handle's way to the backend, under its overrides.
    #[inline]
    fn access(&self) -> Access<'_, S, C, B> {
        Access { scope: self.scope.as_deref(), ..self.inner.access() }
    }

    /// Creates or brings up to date what the store needs, such as tables; safe to repeat.
    ///
    /// # Errors
    ///
    /// Where the store could not be changed.
    pub fn migrate(&self) -> Result<()> {
        self.inner.backend.migrate().map_err(|e| self.inner.explain(e, Action::Migrate))
    }
}

impl<S, C, B> Deref for Inner<S, C, B> {
    type Target = Front<S, C>;

    #[inline]
    fn deref(&self) -> &Front<S, C> {
        &self.front
    }
}

impl<S, C, B> Clone for Config<S, C, B> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), scope: self.scope.clone() }
    }
}

impl<S, C, B> fmt::Debug for Config<S, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.front.describe(&mut f.debug_struct("Config"))
    }
}
