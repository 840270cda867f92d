//! The connections to one server.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use constance_core::{ErrorKind, Result};
use constance_pool::{ProcessId, addresses};
use memcache::exp::{Error as DriverError, MetaCommand, MetaConnection, MetaOp};
use parking_lot::{Mutex, MutexGuard};

use super::error::{error, is_interrupted, timeout, unavailable};
use crate::store::interrupted;

/// Connections that are kept between calls, and made when they are needed.
pub(super) struct Pool {
    address: String,
    connect_timeout: Duration,
    response_timeout: Duration,
    max_idle: usize,
    idle: Mutex<Idle>,
    /// Grows with every connection and every look at the server: what happened before what.
    ticks: AtomicU64,
}

/// Connections that nobody uses, and the process that made them.
struct Idle {
    connections: Vec<Connection>,
    process: ProcessId,
}

/// A connection, and when it was made.
pub(super) struct Connection {
    pub(super) wire: MetaConnection,
    born: u64,
    /// Whether it has served a call, so that it may have been closed meanwhile.
    pub(super) used: bool,
}

impl Pool {
    pub(super) fn new(address: String, connect: Duration, response: Duration, max_idle: usize) -> Self {
        let idle = Mutex::new(Idle { connections: Vec::new(), process: ProcessId::current() });
        Self { address, connect_timeout: connect, response_timeout: response, max_idle, idle, ticks: AtomicU64::new(1) }
    }

    /// The idle connections of this process. A forked child begins with none: on those of its parent, each would read the
    /// other's answers.
    fn idle(&self) -> MutexGuard<'_, Idle> {
        let mut idle = self.idle.lock();
        if !idle.process.is_current() {
            let anew = Idle { connections: Vec::new(), process: ProcessId::current() };
            std::mem::forget(std::mem::replace(&mut *idle, anew));
        }
        idle
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The moment that is now. What was made at an earlier tick was made before.
    pub(super) fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }

    /// A connection, a new one where none is idle.
    pub(super) fn any(&self) -> Result<Connection> {
        let idle = self.idle().connections.pop();
        idle.map_or_else(|| self.connect(), Ok)
    }

    /// An idle connection that was there already at that moment. As long as it is open, the server is still the same.
    pub(super) fn older_than(&self, tick: u64) -> Option<Connection> {
        let connections = &mut self.idle().connections;
        let at = connections.iter().rposition(|connection| connection.born < tick)?;
        Some(connections.remove(at))
    }

    pub(super) fn give_back(&self, mut connection: Connection) {
        connection.used = true;
        let connections = &mut self.idle().connections;
        if connections.len() < self.max_idle {
            connections.push(connection);
        }
    }

    /// Drops every idle connection: they lead to a server that is no more.
    pub(super) fn forget(&self) {
        let gone = std::mem::take(&mut self.idle().connections);
        drop(gone);
    }

    pub(super) fn connect(&self) -> Result<Connection> {
        self.connect_to_one().map_err(|error| error.with_location(self.address.to_string()))
    }

    fn connect_to_one(&self) -> Result<Connection> {
        let end = Instant::now() + self.connect_timeout;
        let found = self.resolve()?;
        addresses::try_each(&found, end, |address, share| {
            let end = Instant::now() + share;
            let left = || end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let connect = || -> Result<MetaConnection, DriverError> {
                let stream = TcpStream::connect_timeout(&address, left())?;
                stream.set_nodelay(true)?;
                let mut wire = MetaConnection::from_stream(stream);
                if found.len() > 1 {
                    // A server that takes connections and says nothing makes way for the next address.
                    wire.set_io_timeout(Some(left()));
                    wire.execute_batch(&[MetaCommand::new(MetaOp::Get, "constance")])?;
                }
                Ok(wire)
            };
            let mut wire = interrupted::retry(is_interrupted, connect).map_err(|failure| error(&failure))?;
            wire.set_io_timeout(Some(self.response_timeout));
            Ok(Connection { wire, born: self.tick(), used: false })
        })
    }

    /// The addresses of the server, in an order that does not change from one look-up to the next: it should be one server,
    /// and where it is not, connections and processes had better agree on which.
    fn resolve(&self) -> Result<Vec<SocketAddr>> {
        let unknown = || unavailable("resolve", "the name of the server is not known");
        let (host, port) = self.address.rsplit_once(':').ok_or_else(unknown)?;
        let port = port.parse().map_err(|_| unknown())?;
        match addresses::resolve(host, port, self.connect_timeout) {
            Ok(found) => Ok(in_order(found)),
            Err(error) if error.kind() == ErrorKind::Timeout => Err(timeout()),
            Err(_) => Err(unknown()),
        }
    }
}

fn in_order(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_not_there_is_named_by_host_and_port() {
        let second = Duration::from_secs(1);
        let pool = Pool::new("127.0.0.1:1".to_owned(), second, second, 1);
        let Err(error) = pool.connect() else { panic!("something listens") };
        assert_eq!(error.location(), Some("127.0.0.1:1"), "{error}");
    }

    #[test]
    fn a_name_server_that_deals_addresses_out_in_turn_changes_nothing() {
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let [one, two, six] = ["10.0.0.1:11211", "10.0.0.2:11211", "[::1]:11211"].map(address);
        for dealt in [vec![two, six, one], vec![one, two, six, two], vec![six, one, two]] {
            assert_eq!(in_order(dealt), [one, two, six]);
        }
    }
}
