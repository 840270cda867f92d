//! How current a `live()` is.

use std::fmt;
use std::time::Duration;

use crate::{Error, RunningHandler};

/// How current the values of a [`Live`](crate::Live) are. Its `Display` is a line for a health page.
///
/// ```
/// # use constance_core::{Config, LiveOptions, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = 42)]
/// #     the_answer: i64,
/// # }
/// # let config = Config::<Shop>::new(MemoryBackend::default());
/// let status = config.live()?.status();
/// assert!(status.age.is_some() && status.last_error.is_none());
/// assert!(status.to_string().starts_with("loaded"));
/// # Ok::<(), constance_core::Error>(())
/// ```
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct LiveStatus {
    /// The time since the values were last seen to be those of the store; `None`: never, they are the defaults.
    ///
    /// Where changes are pushed, values are current although their age grows until the next read.
    pub age: Option<Duration>,
    /// Why the values may be old, or which settings are unreadable; `None` after a load without fault.
    pub last_error: Option<Error>,
    /// How changes are noticed.
    pub mode: LiveMode,
    /// The handler that is being called, if one is: the changes after it wait until it returns, whereas loads do not.
    pub handler: Option<RunningHandler>,
}

/// How a [`Live`](crate::Live) notices changes.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveMode {
    /// The backend pushes them.
    Watching,
    /// The settings are read at intervals.
    Polling,
    /// By nobody in this process: it was forked, and the thread that follows is in its parent. The next call of the `Config`
    /// starts one here.
    OtherProcess,
}

impl fmt::Display for LiveStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            LiveMode::Watching => "watching",
            LiveMode::Polling => "polling",
            LiveMode::OtherProcess => "followed in another process",
        };
        match self.age {
            None => write!(f, "never loaded, {mode}")?,
            Some(age) => write!(f, "loaded {:.1} s ago, {mode}", age.as_secs_f64())?,
        }
        if let Some(error) = &self.last_error {
            write!(f, "; {error}")?;
        }
        if let Some(RunningHandler { setting, subscribed_at, running_for, waiting }) = &self.handler {
            let running = running_for.as_secs_f64();
            write!(f, "; the handler subscribed at {subscribed_at} has been running for {running:.1} s since ")?;
            write!(f, "\"{setting}\" changed, {waiting} changes wait for it")?;
        }
        Ok(())
    }
}
