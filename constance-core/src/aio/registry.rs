//! Asynchronous backends by URL.

use std::sync::Arc;

use super::{AsyncBackend, Blocking};
use crate::layer::{EnvVars, Layer};
use crate::{Backend, Registry, Result, backend::Scheme};

impl Scheme {
    /// Adds the function that makes an asynchronous backend from a URL of this scheme, by the rules of [`new`](Self::new). It takes
    /// every URL that the synchronous one takes, and means the same store. Default: none, and the synchronous backend runs on
    /// tokio's blocking threads.
    #[must_use]
    pub fn with_async<F>(mut self, open: F) -> Self
    where
        F: Fn(&str) -> Result<Arc<dyn AsyncBackend>> + Send + Sync + 'static,
    {
        self.open_async = Some(Box::new(open));
        self
    }
}

impl Layer {
    /// Adds the function that wraps an asynchronous backend, by the rules of [`new`](Self::new). Default: none, and the
    /// synchronous one runs on tokio's blocking threads, with the backend that it wraps.
    #[must_use]
    pub fn with_async<F>(mut self, wrap: F) -> Self
    where
        F: Fn(&str, Arc<dyn AsyncBackend>, &EnvVars<'_>) -> Result<Arc<dyn AsyncBackend>> + Send + Sync + 'static,
    {
        self.wrap_async = Some(Box::new(wrap));
        self
    }
}

impl Registry {
    /// Makes the asynchronous backend that a URL names: the scheme's own where it [has one](Scheme::with_async), otherwise the
    /// synchronous one on tokio's blocking threads. No I/O, and no runtime is needed.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use constance_core::testing::ReferenceBackend as MemoryBackend;
    /// use constance_core::{backend::Scheme, Registry};
    ///
    /// let registry = Registry::new().with([Scheme::new("memory", |_| Ok(Arc::new(MemoryBackend::new())))]);
    /// let backend = registry.open_async("memory://")?;
    /// assert_eq!(backend.name(), "reference");
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn open_async(&self, url: &str) -> Result<Arc<dyn AsyncBackend>> {
        self.open_async_within(url, &EnvVars::new(&|_| Ok(None)))
    }

    /// The same within the layers that the variables ask for.
    pub(crate) fn open_async_within(&self, url: &str, vars: &EnvVars<'_>) -> Result<Arc<dyn AsyncBackend>> {
        let asked = self.asked(vars)?;
        // What is below a layer that is synchronous alone has to be so too.
        let blocking = asked.iter().rposition(|(layer, _)| layer.wrap_async.is_none()).map_or(0, |last| last + 1);
        let (inner, outer) = asked.split_at(blocking);
        let (url, scheme) = self.scheme_of(url)?;
        let backend = match &scheme.open_async {
            Some(open) if inner.is_empty() => open(&url)?,
            _ => {
                let wrap = |backend, (layer, value): &(&Layer, String)| layer.wrapped(value, backend, vars);
                let backend = inner.iter().try_fold((scheme.open)(&url)?, wrap)?;
                Arc::new(Blocking::<Arc<dyn Backend>>::new(backend))
            }
        };
        outer.iter().try_fold(backend, |backend, (layer, value)| match &layer.wrap_async {
            Some(wrap) => wrap(value, backend, vars).map_err(|error| layer.named(error)),
            None => Ok(backend),
        })
    }
}
