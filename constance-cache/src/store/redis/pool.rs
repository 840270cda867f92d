//! The connections to a server.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use r2d2::ManageConnection;
use redis::{Connection, ConnectionLike, RedisError, RedisResult};

use crate::shared::stable_hash;

/// Makes connections that give up soon.
pub(super) struct Manager {
    pub(super) client: redis::Client,
    pub(super) connect_timeout: Duration,
    pub(super) response_timeout: Duration,
}

/// A connection, and which run of the server it leads to: a connection does not outlive that.
pub(super) struct Session {
    connection: Connection,
    pub(super) run: u64,
    /// Whether it has served a call, so that it may have been closed meanwhile.
    pub(super) used: bool,
    /// Set after any failure; the pool then drops the connection.
    pub(super) broken: bool,
}

impl ManageConnection for Manager {
    type Connection = Session;
    type Error = RedisError;

    fn connect(&self) -> RedisResult<Session> {
        let mut connection = self.client.get_connection_with_timeout(self.connect_timeout)?;
        connection.set_read_timeout(Some(self.response_timeout))?;
        connection.set_write_timeout(Some(self.response_timeout))?;
        let about: String = redis::cmd("INFO").arg("server").query(&mut connection)?;
        let run = about.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::trim);
        let run = run.ok_or((redis::ErrorKind::UnexpectedReturnType, "no run_id"))?;
        Ok(Session { connection, run: stable_hash(&[run.as_bytes()]), used: false, broken: false })
    }

    /// Not asked: the pool is built without a test on checkout, which would double the price of a read.
    fn is_valid(&self, _: &mut Session) -> RedisResult<()> {
        Ok(())
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        session.broken || !session.connection.is_open() || std::thread::panicking()
    }
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
