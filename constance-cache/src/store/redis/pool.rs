//! The connections to the server.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use constance_core::Result;
use constance_pool::addresses;
use redis::{Client, Connection, ConnectionAddr, ConnectionLike, RedisResult};

use super::error::{classify, is_interrupted};
use crate::shared::stable_hash;
use crate::store::interrupted;

/// Makes connections with short timeouts.
pub(super) struct Manager {
    pub(super) client: Client,
    pub(super) response_timeout: Duration,
}

/// A connection, and the run of the server that it was made to. It ends with that run.
pub(super) struct RunConnection {
    connection: Connection,
    pub(super) run: u64,
}

fn connect(client: &Client, timeout: Duration, response_timeout: Duration) -> RedisResult<RunConnection> {
    let (connection, info) = interrupted::retry(is_interrupted, || {
        let mut connection = client.get_connection_with_timeout(timeout)?;
        connection.set_read_timeout(Some(response_timeout))?;
        connection.set_write_timeout(Some(response_timeout))?;
        let info: String = redis::cmd("INFO").arg("server").query(&mut connection)?;
        Ok((connection, info))
    })?;
    let run = info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::trim);
    let run = run.ok_or((redis::ErrorKind::UnexpectedReturnType, "no run_id"))?;
    Ok(RunConnection { connection, run: stable_hash(&[run.as_bytes()]) })
}

impl constance_pool::Manager for Manager {
    type Connection = RunConnection;

    fn connect(&self, timeout: Duration) -> Result<RunConnection> {
        let location = match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                addresses::location(host, *port)
            }
            other => other.to_string(),
        };
        self.connect_to_any(timeout).map_err(|error| error.with_location(location))
    }

    fn check(&self, connection: &mut RunConnection, _: Duration) -> Result<()> {
        redis::cmd("TIME").exec(&mut connection.connection).map_err(|failure| classify(&failure))
    }

    fn is_broken(&self, connection: &mut RunConnection) -> bool {
        !connection.connection.is_open()
    }
}

impl Manager {
    fn connect_to_any(&self, timeout: Duration) -> Result<RunConnection> {
        let (info, response_timeout) = (self.client.get_connection_info(), self.response_timeout);
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return connect(&self.client, timeout, response_timeout).map_err(|failure| classify(&failure));
        };
        let end = Instant::now() + timeout;
        let found = addresses::resolve(host, *port, timeout)?;
        addresses::try_each(&found, end, |address, share| {
            let address = ConnectionAddr::Tcp(address.ip().to_string(), address.port());
            let client = Client::open(info.clone().set_addr(address)).map_err(|failure| classify(&failure))?;
            let connect = move || connect(&client, share, response_timeout).map_err(|failure| classify(&failure));
            // The driver waits for each reply of its greeting for so long, which would take the time of the next address.
            if found.len() > 1 { constance_pool::run_with_timeout(share, connect) } else { connect() }
        })
    }
}

impl Deref for RunConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for RunConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
