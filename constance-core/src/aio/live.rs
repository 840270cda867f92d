//! How a `live()` over an asynchronous backend starts.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

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
    /// Where the first load fails, naming every unreadable setting, unless [`LiveOptions`] say otherwise; outside a tokio runtime.
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
        self.sync.inner.backend.set_runtime(runtime);
        let config = self.sync.clone();
        let (done, started) = oneshot::channel();
        // Where nobody waits any more, the `Live` is dropped right there, and the following ends.
        let start = move || drop(done.send(catch_unwind(AssertUnwindSafe(|| config.live_with(options)))));
        // Not one of the runtime's blocking threads: the backend may need the last of them.
        let thread = thread::Builder::new().name("constance-start".to_owned());
        if thread.spawn(start).is_err() {
            return failed(ErrorKind::Unavailable, "the system gave no thread to start in");
        }
        match started.await {
            Ok(Ok(live)) => live,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => failed(ErrorKind::Unavailable, "the thread that started ended early"),
        }
    }
}
