//! What a backend says of its connections.

use std::time::Duration;

use constance_core::Result;

/// Makes connections for a [`Pool`](crate::Pool), and checks them.
pub trait Manager: Send + Sync + 'static {
    /// What it makes.
    type Connection: Send + 'static;

    /// Makes a connection that is ready for use, and takes no longer than this. It runs in the thread of the call that needs the
    /// connection, under no lock.
    ///
    /// # Errors
    ///
    /// Where none can be made. The error is that of the call, and of those that wait for the same attempt: it says what an
    /// operator has to do, and whether it is transient.
    fn connect(&self, within: Duration) -> Result<Self::Connection>;

    /// Asks the server for a sign of life, and takes no longer than this. A refusal is one too.
    ///
    /// # Errors
    ///
    /// Where none came. After a `Timeout` the call fails with it; after any other error another connection is tried.
    fn check(&self, connection: &mut Self::Connection, within: Duration) -> Result<()>;

    /// Whether a connection that a call gives back must not be used again. No I/O. Default: it may be.
    fn is_broken(&self, connection: &mut Self::Connection) -> bool {
        let _ = connection;
        false
    }
}

/// What a connection is wanted for.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading, which may be done again where the connection turns out to be closed.
    Read,
    /// Writing, which is sent once: nobody can tell whether a server had taken it. A connection that lay idle is checked first.
    Write,
}
