//! The connections of our pool.

use std::time::{Duration, Instant};

use constance_core::Result;
use redis::{Cmd, Connection, ConnectionLike, RedisResult, Value};

use crate::connect::set_timeouts;

/// A connection that limits the time of each call.
pub(crate) struct TimedConnection {
    connection: Connection,
    response_timeout: Duration,
    /// The server, for errors.
    location: Box<str>,
}

impl TimedConnection {
    pub(crate) fn new(connection: Connection, response_timeout: Duration, location: String) -> Result<Self> {
        set_timeouts(&connection, response_timeout)?;
        Ok(Self { connection, response_timeout, location: location.into() })
    }

    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    #[cfg(any(feature = "sentinel", feature = "cluster"))]
    pub(crate) fn set_response_timeout(&mut self, response_timeout: Duration) -> Result<()> {
        self.response_timeout = response_timeout;
        set_timeouts(&self.connection, response_timeout)
    }
}

impl ConnectionLike for TimedConnection {
    fn req_packed_command(&mut self, cmd: &[u8]) -> RedisResult<Value> {
        self.connection.req_packed_command(cmd)
    }

    /// The driver applies its timeout to each reply of a pipeline. Here it applies to all replies together.
    fn req_packed_commands(&mut self, cmd: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        let end = Instant::now() + self.response_timeout;
        self.connection.send_packed_command(cmd)?;
        let mut replies = Vec::with_capacity(count);
        let mut shortened = false;
        let mut received = 0;
        while received < offset + count {
            let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            // Setting it is a system call. Replies that arrive together do without.
            if left < self.response_timeout / 4 * 3 {
                self.connection.set_read_timeout(Some(left))?;
                shortened = true;
            }
            match self.connection.recv_response()? {
                Value::Push { .. } => continue,
                reply if received >= offset => replies.push(reply),
                _ => {}
            }
            received += 1;
        }
        if shortened {
            self.connection.set_read_timeout(Some(self.response_timeout))?;
        }
        Ok(replies)
    }

    fn req_command(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        self.connection.req_command(cmd)
    }

    fn get_db(&self) -> i64 {
        self.connection.get_db()
    }

    fn check_connection(&mut self) -> bool {
        self.connection.check_connection()
    }

    fn is_open(&self) -> bool {
        self.connection.is_open()
    }
}
