//! What a backend is built with.

use std::sync::Arc;
use std::time::Duration;

use crate::poll_interval::PollInterval;

/// What connections and feeds are opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a connection may take to be made.
    pub(crate) connect_timeout: Duration,
    /// How long a statement waits for a lock.
    pub(crate) busy_timeout: Duration,
    /// How long a statement may take in all, where there is a network; then the connection counts as dead.
    pub(crate) statement_timeout: Duration,
    /// How often a feed looks for changes.
    pub(crate) poll_interval: PollInterval,
    /// How long a call may take, with everything that belongs to it.
    pub(crate) call_timeout: Option<Duration>,
    /// The permissions of a file that is made.
    pub(crate) file_mode: u32,
    /// The settings table, where a connection is asked whether it may be seen.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "PostgreSQL alone hides rows"))]
    pub(crate) table: Option<Arc<str>>,
}
