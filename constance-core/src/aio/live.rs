//! How a `live()` over an asynchronous backend starts.

use std::panic::resume_unwind;

use tokio::runtime::Handle;

use super::{AsyncBackend, AsyncConfig};
use crate::{Action, Codec, Error, ErrorKind, Live, LiveOptions, Result, Settings};

impl<S: Settings, C: Codec, B: AsyncBackend + 'static> AsyncConfig<S, C, B> {
    /// Loads every setting now, then follows the store in the background: [`Live`], as from
    /// [`Config::live`](crate::Config::live).
    ///
    /// One thread follows, however often this is called, and waits for the backend's futures: a task could not go on where the
    /// tasks of the application leave it no turn. They find the runtime that this is called in. When that ends, the last good
    /// values stay and [`status`](Live::status) says why.
    ///
    /// # Errors
    ///
    /// Where the first load fails, naming every unreadable setting; outside a tokio runtime.
    pub async fn live(&self) -> Result<Live<S>> {
        self.live_with(LiveOptions::new()).await
    }

    /// As [`live`](Self::live), with options. Where it follows already, the options of the first call stay.
    ///
    /// # Errors
    ///
    /// As [`live`](Self::live).
    pub async fn live_with(&self, options: LiveOptions) -> Result<Live<S>> {
        let failed =
            |kind, detail: &'static str| Err(self.front().explain(Error::new(kind).with_detail(detail), Action::Watch));
        let Ok(runtime) = Handle::try_current() else {
            return failed(ErrorKind::Configuration, "it was not called in a tokio runtime");
        };
        self.sync.inner.backend.set_runtime(runtime.clone());
        let config = self.sync.clone();
        match runtime.spawn_blocking(move || config.live_with(options)).await {
            Ok(live) => live,
            Err(end) => match end.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => failed(ErrorKind::Unavailable, "the tokio runtime is shutting down"),
            },
        }
    }
}
