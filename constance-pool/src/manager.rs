//! How a backend makes and checks its connections.

use std::time::Duration;

use constance_core::Result;

/// Makes connections for a [`Pool`](crate::Pool), and checks them.
pub trait Manager: Send + Sync + 'static {
    /// The type of the connections.
    type Connection: Send + 'static;

    /// Makes a connection that is ready for use, within the timeout. It runs in the thread of the call that needs the connection,
    /// under no lock.
    ///
    /// # Errors
    ///
    /// Where no connection can be made. The call fails with this error, and so do the calls that wait for the same attempt. It
    /// should say what an operator has to do, and whether it is transient.
    fn connect(&self, timeout: Duration) -> Result<Self::Connection>;

    /// Checks that the server answers, within the timeout. A refusal is an answer too.
    ///
    /// # Errors
    ///
    /// Where no answer came. After a `Timeout` the call fails with it. After any other error the pool tries another connection.
    fn check(&self, connection: &mut Self::Connection, timeout: Duration) -> Result<()>;

    /// Whether a connection that a call gives back must be closed. No I/O. Default: no.
    fn is_broken(&self, connection: &mut Self::Connection) -> bool {
        let _ = connection;
        false
    }
}

/// What a call needs a connection for.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A read. It may run again where the connection turns out to be closed.
    Read,
    /// A write. It is sent once, since nobody can tell whether the server has executed it. A connection that was idle is checked
    /// first.
    Write,
}
