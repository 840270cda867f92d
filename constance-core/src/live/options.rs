//! How a `live()` follows.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::{Clock, SystemClock};

/// How [`Config::live_with`](crate::Config::live_with) follows the store.
///
/// ```
/// use std::time::Duration;
/// use constance_core::LiveOptions;
///
/// let options = LiveOptions::new()
///     .poll_interval(Duration::from_secs(5))
///     .default_if_unreadable()
///     .last_good("/var/lib/shop/settings.last-good");
/// # drop(options);
/// ```
///
/// What the first load may find wrong is said for each fault by itself; ["Starting during an
/// outage"](crate#starting-during-an-outage) has all of it in one table.
#[derive(Clone)]
pub struct LiveOptions {
    pub(crate) poll_interval: Duration,
    pub(crate) reread_interval: Duration,
    pub(crate) default_if_unreadable: bool,
    pub(crate) defaults_if_unreachable: bool,
    pub(crate) last_good: Option<PathBuf>,
    pub(crate) secrets_in_last_good: bool,
    pub(crate) clock: Arc<dyn Clock>,
}

impl LiveOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            poll_interval: Duration::from_secs(1),
            reread_interval: Duration::from_secs(30),
            default_if_unreadable: false,
            defaults_if_unreachable: false,
            last_good: None,
            secrets_in_last_good: true,
            clock: Arc::new(SystemClock),
        }
    }

    /// How often the settings are read where the backend pushes no changes: one read each. Default: 1 s.
    #[must_use]
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// How often all of them are read beside pushed changes, in case the feed fails silently. Default: 30 s.
    #[must_use]
    pub fn reread_interval(mut self, interval: Duration) -> Self {
        self.reread_interval = interval;
        self
    }

    /// Starts although the first load finds a setting that is unreadable, or settings that break a rule across settings: these
    /// have their last good values from the [file](Self::last_good), else their defaults, and
    /// [`LiveStatus::on_default`](crate::LiveStatus::on_default) names those that have their defaults. Handlers hear of the first
    /// value that can be read. Default: they keep the service from starting.
    ///
    /// A store that cannot be reached is another matter: see [`defaults_if_unreachable`](Self::defaults_if_unreachable) and
    /// [`last_good`](Self::last_good).
    #[must_use]
    pub fn default_if_unreadable(mut self) -> Self {
        self.default_if_unreadable = true;
        self
    }

    /// Starts although the store cannot be read at all, since it is down, does not answer in time, refuses the user, or has no
    /// tables: on the [last good values](Self::last_good), where there are some, else on the defaults. Until a load succeeds,
    /// [`status`](crate::Live::status) says so; then handlers hear of what differs from that. Default: a store that cannot be read
    /// keeps the service from starting, unless there are last good values.
    ///
    /// What only a change of the program mends, such as a wrong TLS option, is an error all the same.
    #[must_use]
    pub fn defaults_if_unreachable(mut self) -> Self {
        self.defaults_if_unreachable = true;
        self
    }

    /// Keeps the last good values in this file, and starts from it where the store cannot be read at all. Until a load succeeds,
    /// [`status`](crate::Live::status) says so and counts the age from the time in the file; then handlers hear of what differs
    /// from it. Default: no file.
    ///
    /// It holds what was stored, as it was stored, for each setting that could be read and that kept to every rule; another
    /// keeps what the file had for it. It is replaced when that changes, as a whole and by a thread of its own, so that no
    /// reader, handler or load waits for the disk. A replacement that fails is tried again, every 10 s or when something changes, and
    /// [`LiveStatus::last_good_error`](crate::LiveStatus::last_good_error) says why.
    ///
    /// Give each program a file of its own, in a folder that it may write and that outlives it; several processes of one program may
    /// share it. It names the codec, the prefix and the [store](crate::Backend::identity): where one of these is another one, the
    /// file is neither used nor replaced, which is said. A damaged file is as none, and said. On Unix only its owner may read it
    /// (mode 0600).
    ///
    /// It belongs to the process that called `live()`: a child that it forks neither reads nor writes it.
    #[must_use]
    pub fn last_good(mut self, path: impl Into<PathBuf>) -> Self {
        self.last_good = Some(path.into());
        self
    }

    /// Leaves [secret](crate::Declaration::secret) settings out of the [file](Self::last_good), and takes none from it: a start from it
    /// has their defaults. Default: they are in it as they are in the store.
    #[must_use]
    pub fn last_good_without_secrets(mut self) -> Self {
        self.secrets_in_last_good = false;
        self
    }

    /// The clock that the age in [`status`](crate::Live::status) and the times in the [file](Self::last_good) are taken from. Default: [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LiveOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            poll_interval,
            reread_interval,
            default_if_unreadable,
            defaults_if_unreachable,
            last_good,
            secrets_in_last_good,
            clock: _,
        } = self;
        f.debug_struct("LiveOptions")
            .field("poll_interval", poll_interval)
            .field("reread_interval", reread_interval)
            .field("default_if_unreadable", default_if_unreadable)
            .field("defaults_if_unreachable", defaults_if_unreachable)
            .field("last_good", last_good)
            .field("secrets_in_last_good", secrets_in_last_good)
            .finish_non_exhaustive()
    }
}
