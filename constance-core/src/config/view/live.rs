//! The settings of a module as they follow the store.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::outer::Deeper;
use crate::{Live, LiveStatus, Nested, Settings};

/// The settings of one module as they follow the store; from [`Live::nested`] and [`ConfigView::live`](super::ConfigView::live).
///
/// A [`load`](Self::load) makes an allocation for each level of nesting; a hot loop uses `live.reader().load().mail.host` instead.
///
/// ```
/// # use constance_core::{Live, LiveView, Settings};
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(nested)]
/// #     mail: Mail,
/// # }
/// # #[derive(Clone, Settings)]
/// # struct Mail {
/// #     #[setting(default = "localhost")]
/// #     host: String,
/// # }
/// let live = Live::fixed(Shop::defaults());
/// let mail: LiveView<Mail> = live.nested(Shop::MAIL);
/// assert_eq!(mail.load().host, "localhost");
/// ```
pub struct LiveView<N> {
    outer: Arc<dyn OuterLive<N>>,
}

/// The settings at one moment, from [`LiveView::load`]. Keep it for a short time only: it keeps old values alive.
pub struct LiveViewGuard<N>(Box<dyn Deref<Target = N>>);

/// A `Live`, or another view of one.
pub(crate) trait OuterLive<N>: Send + Sync {
    fn load(&self) -> Box<dyn Deref<Target = N>>;
    fn status(&self) -> LiveStatus;
}

impl<S: Settings> Live<S> {
    /// The settings of a nested struct by themselves, for the module that they are of.
    #[must_use]
    pub fn nested<N: Settings>(&self, nested: Nested<S, N>) -> LiveView<N> {
        LiveView::new(Arc::new(self.clone())).nested(nested)
    }
}

impl<N: Settings> LiveView<N> {
    pub(crate) fn new(outer: Arc<dyn OuterLive<N>>) -> Self {
        Self { outer }
    }

    /// The settings of a struct that is nested in this one.
    #[must_use]
    pub fn nested<M: Settings>(&self, nested: Nested<N, M>) -> LiveView<M> {
        LiveView::new(Arc::new(Deeper { outer: Arc::clone(&self.outer), nested }))
    }

    /// The settings now, all of one moment: no I/O, no lock.
    #[must_use]
    pub fn load(&self) -> LiveViewGuard<N> {
        LiveViewGuard(self.outer.load())
    }

    /// How current the values are: that of the whole [`Live`].
    #[must_use]
    pub fn status(&self) -> LiveStatus {
        self.outer.status()
    }
}

impl<S: Settings> OuterLive<S> for Live<S> {
    fn load(&self) -> Box<dyn Deref<Target = S>> {
        Box::new(Self::load(self))
    }

    fn status(&self) -> LiveStatus {
        Self::status(self)
    }
}

impl<N: Settings, M: Settings> OuterLive<M> for Deeper<N, M, dyn OuterLive<N>> {
    fn load(&self) -> Box<dyn Deref<Target = M>> {
        Box::new(Part { whole: self.outer.load(), nested: self.nested })
    }

    fn status(&self) -> LiveStatus {
        self.outer.status()
    }
}

/// A nested struct, with what keeps it.
struct Part<N, M> {
    whole: Box<dyn Deref<Target = N>>,
    nested: Nested<N, M>,
}

impl<N, M> Deref for Part<N, M> {
    type Target = M;

    fn deref(&self) -> &M {
        self.nested.of(&self.whole)
    }
}

impl<N> Deref for LiveViewGuard<N> {
    type Target = N;

    fn deref(&self) -> &N {
        &self.0
    }
}

impl<N> Clone for LiveView<N> {
    fn clone(&self) -> Self {
        Self { outer: Arc::clone(&self.outer) }
    }
}

impl<N> fmt::Debug for LiveView<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveView").field("status", &self.outer.status()).finish_non_exhaustive()
    }
}

impl<N> fmt::Debug for LiveViewGuard<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveViewGuard").finish_non_exhaustive()
    }
}
