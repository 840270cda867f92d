//! The connections to a server.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use constance_core::Result;
use constance_pool::addresses;
use redis::{Client, Connection, ConnectionAddr, ConnectionLike, RedisResult};

use super::error::{error, uninterrupted};
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

fn open(client: &Client, within: Duration, response_timeout: Duration) -> RedisResult<Session> {
    let (connection, about) = uninterrupted(|| {
        let mut connection = client.get_connection_with_timeout(within)?;
        connection.set_read_timeout(Some(response_timeout))?;
        connection.set_write_timeout(Some(response_timeout))?;
        let about: String = redis::cmd("INFO").arg("server").query(&mut connection)?;
        Ok((connection, about))
    })?;
    let run = about.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::trim);
    let run = run.ok_or((redis::ErrorKind::UnexpectedReturnType, "no run_id"))?;
    Ok(Session { connection, run: stable_hash(&[run.as_bytes()]) })
}

impl constance_pool::Manager for Manager {
    type Connection = Session;

    fn connect(&self, within: Duration) -> Result<Session> {
        let location = match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                addresses::location(host, *port)
            }
            other => other.to_string(),
        };
        self.open(within).map_err(|error| error.with_location(location))
    }

    fn check(&self, session: &mut Session, _: Duration) -> Result<()> {
        redis::cmd("TIME").exec(&mut session.connection).map_err(|failure| error(&failure))
    }

    fn is_broken(&self, session: &mut Session) -> bool {
        !session.connection.is_open()
    }
}

impl Manager {
    fn open(&self, within: Duration) -> Result<Session> {
        let (info, response_timeout) = (self.client.get_connection_info(), self.response_timeout);
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return open(&self.client, within, response_timeout).map_err(|failure| error(&failure));
        };
        let end = Instant::now() + within;
        let found = addresses::resolve(host, *port, within)?;
        addresses::each(&found, end, |address, share| {
            let place = ConnectionAddr::Tcp(address.ip().to_string(), address.port());
            let client = Client::open(info.clone().set_addr(place)).map_err(|failure| error(&failure))?;
            let open = move || open(&client, share, response_timeout).map_err(|failure| error(&failure));
            // The driver waits for each reply of its greeting for so long, which would take the time of the next address.
            if found.len() > 1 { constance_pool::within(share, open) } else { open() }
        })
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
