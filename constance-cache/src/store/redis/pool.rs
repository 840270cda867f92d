//! The connections to a server.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use constance_core::Result;
use constance_pool::addresses;
use redis::{Client, Connection, ConnectionAddr, ConnectionLike, RedisResult};

use super::error::error;
use crate::shared::stable_hash;

/// Makes connections that give up soon.
pub(super) struct Manager {
    pub(super) client: Client,
    pub(super) response_timeout: Duration,
}

/// A connection, and which run of the server it leads to: a connection does not outlive that.
pub(super) struct Session {
    connection: Connection,
    pub(super) run: u64,
}

impl Manager {
    /// Makes a connection to an address, or to what the client was made for.
    fn open(&self, address: Option<ConnectionAddr>, within: Duration) -> RedisResult<Session> {
        let mut connection = match address {
            Some(address) => Client::open(self.client.get_connection_info().clone().set_addr(address))?,
            None => self.client.clone(),
        }
        .get_connection_with_timeout(within)?;
        connection.set_read_timeout(Some(self.response_timeout))?;
        connection.set_write_timeout(Some(self.response_timeout))?;
        let about: String = redis::cmd("INFO").arg("server").query(&mut connection)?;
        let run = about.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::trim);
        let run = run.ok_or((redis::ErrorKind::UnexpectedReturnType, "no run_id"))?;
        Ok(Session { connection, run: stable_hash(&[run.as_bytes()]) })
    }
}

impl constance_pool::Manager for Manager {
    type Connection = Session;

    fn connect(&self, within: Duration) -> Result<Session> {
        let ConnectionAddr::Tcp(host, port) = self.client.get_connection_info().addr() else {
            return self.open(None, within).map_err(|failure| error(&failure));
        };
        let end = Instant::now() + within;
        let found = addresses::resolve(host, *port, within)?;
        addresses::each(&found, end, |address, share| {
            let address = ConnectionAddr::Tcp(address.ip().to_string(), address.port());
            self.open(Some(address), share).map_err(|failure| error(&failure))
        })
    }

    fn check(&self, session: &mut Session, _: Duration) -> Result<()> {
        redis::cmd("TIME").exec(&mut session.connection).map_err(|failure| error(&failure))
    }

    fn is_broken(&self, session: &mut Session) -> bool {
        !session.connection.is_open()
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
