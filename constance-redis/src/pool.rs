//! Our own pool of connections.

use std::time::Duration;

use constance_core::Result;
use constance_pool::Purpose;
use redis::{Connection, ConnectionLike};

use crate::connect::ping;
use crate::connection::TimedConnection;
use crate::connection_source::{BorrowedConnection, ConnectionSource};
use crate::endpoint::Endpoint;

/// Keeps connections between calls, and makes them when they are needed.
pub(crate) type Pool = constance_pool::Pool<Manager>;

/// Makes the connections of a pool.
///
/// The driver's own manager keeps a connection that has failed, and waits without a limit for a server that does not
/// answer.
pub(crate) struct Manager {
    pub(crate) endpoint: Endpoint,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
}

impl constance_pool::Manager for Manager {
    type Connection = TimedConnection;

    fn connect(&self, timeout: Duration) -> Result<TimedConnection> {
        self.endpoint.connect(timeout, self.response_timeout)
    }

    fn check(&self, connection: &mut TimedConnection, _: Duration) -> Result<()> {
        ping(connection)
    }

    fn is_broken(&self, connection: &mut TimedConnection) -> bool {
        !connection.is_open()
    }
}

impl ConnectionSource for Pool {
    fn connection(&self) -> Result<Box<dyn BorrowedConnection + '_>> {
        Ok(Box::new(self.get(Purpose::Read)?))
    }

    fn connection_for_write(&self) -> Result<Box<dyn BorrowedConnection + '_>> {
        Ok(Box::new(self.get(Purpose::Write)?))
    }

    fn describe(&self) -> String {
        format!("{self:?}, {:?}", self.manager().endpoint)
    }

    fn location(&self) -> Option<String> {
        self.manager().endpoint.location()
    }

    fn has_dedicated_connections(&self) -> bool {
        true
    }

    fn dedicated_connection(&self) -> Result<Connection> {
        self.manager().endpoint.connect_for_watch(self.manager().connect_timeout)
    }
}

impl BorrowedConnection for constance_pool::PooledConnection<'_, Manager> {
    fn connection(&mut self) -> &mut dyn ConnectionLike {
        &mut **self
    }

    fn is_used(&self) -> bool {
        constance_pool::PooledConnection::is_used(self)
    }

    fn location(&self) -> Option<&str> {
        Some((**self).location())
    }

    fn mark_broken(&mut self, closed: bool) {
        if closed {
            self.discard_all();
        } else {
            self.discard();
        }
    }
}
