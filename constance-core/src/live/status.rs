//! How current a `live()` is.

use std::fmt;
use std::time::Duration;

use crate::{Error, RunningHandler, WatchMode};

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
    /// The time since the read began that the oldest of the values came from; `None`: nothing was read, they are the defaults.
    ///
    /// Over a cache that is the read of the store, as far as the cache [says so](crate::Backend::read_with_age). A setting that
    /// has become unreadable keeps its last good value, which grows old. Where changes are pushed, values are current although
    /// their age grows until the next read. Of values [from the file](Self::from_last_good) it counts from the time in it;
    /// [`Duration::MAX`] where the system's clock says that this is still to come.
    pub age: Option<Duration>,
    /// Whether the store has not been read, and the values are those of the file of
    /// [`LiveOptions::last_good`](crate::LiveOptions::last_good).
    pub from_last_good: bool,
    /// The settings that have their defaults since what is stored of them is not known: nothing was read, they are unreadable or
    /// break a rule across settings, or the file of the last good values says nothing of them. In the order of declaration.
    pub on_default: Vec<&'static str>,
    /// Why the values may be old, or which settings are unreadable or break a rule across settings and have their last good
    /// values; `None` after a load without fault.
    pub last_error: Option<Error>,
    /// What is wrong with the file of [`LiveOptions::last_good`](crate::LiveOptions::last_good): why it was not used, as far as it
    /// was not replaced since, or why it could not be replaced.
    pub last_good_error: Option<Error>,
    /// How changes are noticed.
    pub mode: LiveMode,
    /// For how long they have been noticed like that; `None` where they are not in this process.
    pub mode_for: Option<Duration>,
    /// The handler that is being called, if one is: the changes after it wait until it returns, whereas loads do not.
    pub handler: Option<RunningHandler>,
}

/// How a [`Live`](crate::Live) notices changes.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveMode {
    /// The following begins.
    Starting,
    /// The store tells of them.
    Pushed,
    /// The backend looks whether there are any.
    Looking {
        /// The time between two looks.
        every: Duration,
    },
    /// There is no feed of changes, or it cannot be opened now: the settings are read at intervals.
    Polling {
        /// The [poll interval](crate::LiveOptions::poll_interval).
        every: Duration,
    },
    /// By nobody in this process: it was forked, and the thread that follows is in its parent. The next call of the `Config`
    /// that asks the store starts one here.
    OtherProcess,
    /// Not at all: these are the values of [`Live::fixed`](crate::Live::fixed).
    Fixed,
}

impl From<WatchMode> for LiveMode {
    fn from(mode: WatchMode) -> Self {
        match mode {
            WatchMode::Pushed => Self::Pushed,
            WatchMode::Looking { every } => Self::Looking { every },
        }
    }
}

impl fmt::Display for LiveStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mode == LiveMode::Fixed {
            return f.write_str("fixed values");
        }
        match self.age {
            None => write!(f, "never loaded, ")?,
            Some(Duration::MAX) => write!(f, "loaded at an unknown time, ")?,
            Some(age) => write!(f, "loaded {:.1} s ago, ", age.as_secs_f64())?,
        }
        if self.from_last_good {
            f.write_str("from the last good file, ")?;
        }
        match self.mode {
            LiveMode::Starting => f.write_str("starting to follow")?,
            LiveMode::Pushed => f.write_str("told of changes")?,
            LiveMode::Looking { every } => write!(f, "looking for changes every {every:?}")?,
            LiveMode::Polling { every } => write!(f, "reading every {every:?}")?,
            LiveMode::OtherProcess => f.write_str("followed in another process")?,
            LiveMode::Fixed => {}
        }
        if let Some(mode_for) = self.mode_for {
            write!(f, " for {:.1} s", mode_for.as_secs_f64())?;
        }
        for error in [&self.last_error, &self.last_good_error].into_iter().flatten() {
            write!(f, "; {error}")?;
        }
        // Where nothing was loaded, all are.
        if self.age.is_some() && !self.on_default.is_empty() {
            write!(f, "; on their defaults: {}", self.on_default.join(", "))?;
        }
        if let Some(RunningHandler { setting, subscribed_at, running_for, waiting }) = &self.handler {
            let running = running_for.as_secs_f64();
            write!(f, "; the handler subscribed at {subscribed_at} has been running for {running:.1} s since ")?;
            write!(f, "\"{setting}\" changed, {waiting} changes wait for it")?;
        }
        Ok(())
    }
}
