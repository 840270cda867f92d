//! The connections to one server.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use constance_core::Result;
use memcache::exp::MetaConnection;
use parking_lot::Mutex;

use super::error::{of_io, timeout, unavailable};

/// Connections that are kept between calls, and made when they are needed.
pub(super) struct Pool {
    address: String,
    connect_timeout: Duration,
    response_timeout: Duration,
    max_idle: usize,
    idle: Mutex<Vec<Connection>>,
    /// Grows with every connection and every look at the server: what happened before what.
    ticks: AtomicU64,
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
        let (idle, ticks) = (Mutex::default(), AtomicU64::new(1));
        Self { address, connect_timeout: connect, response_timeout: response, max_idle, idle, ticks }
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
        let idle = self.idle.lock().pop();
        idle.map_or_else(|| self.connect(), Ok)
    }

    /// An idle connection that was there already at that moment. As long as it is open, the server is still the same.
    pub(super) fn older_than(&self, tick: u64) -> Option<Connection> {
        let mut idle = self.idle.lock();
        let at = idle.iter().rposition(|connection| connection.born < tick)?;
        Some(idle.remove(at))
    }

    pub(super) fn give_back(&self, mut connection: Connection) {
        connection.used = true;
        let mut idle = self.idle.lock();
        if idle.len() < self.max_idle {
            idle.push(connection);
        }
    }

    /// Drops every idle connection: they lead to a server that is no more.
    pub(super) fn forget(&self) {
        let gone = std::mem::take(&mut *self.idle.lock());
        drop(gone);
    }

    pub(super) fn connect(&self) -> Result<Connection> {
        let end = Instant::now() + self.connect_timeout;
        let mut failure = timeout();
        for address in self.resolve()? {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let made = TcpStream::connect_timeout(&address, left);
            match made.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
                Ok(stream) => {
                    let mut wire = MetaConnection::from_stream(stream);
                    wire.set_io_timeout(Some(self.response_timeout));
                    return Ok(Connection { wire, born: self.tick(), used: false });
                }
                Err(error) => failure = of_io(&error),
            }
        }
        Err(failure)
    }

    /// The addresses of the server, in an order that does not change from one look-up to the next: it should be one server,
    /// and where it is not, connections and processes had better agree on which.
    ///
    /// The system bounds no look-up of a name. One that hangs is left behind.
    fn resolve(&self) -> Result<Vec<SocketAddr>> {
        if let Ok(address) = self.address.parse() {
            return Ok(vec![address]);
        }
        let (done, found) = sync_channel(1);
        let address = self.address.clone();
        let work = move || drop(done.send(address.to_socket_addrs().map(Iterator::collect)));
        if thread::Builder::new().name("constance-cache-resolve".to_owned()).spawn(work).is_err() {
            return Err(unavailable("thread", "no thread could be started"));
        }
        match found.recv_timeout(self.connect_timeout) {
            Ok(Ok(addresses)) => Ok(in_order(addresses)),
            Ok(Err(_)) => Err(unavailable("resolve", "the name of the server is not known")),
            Err(_) => Err(timeout()),
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
    fn a_name_server_that_deals_addresses_out_in_turn_changes_nothing() {
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let [one, two, six] = ["10.0.0.1:11211", "10.0.0.2:11211", "[::1]:11211"].map(address);
        for dealt in [vec![two, six, one], vec![one, two, six, two], vec![six, one, two]] {
            assert_eq!(in_order(dealt), [one, two, six]);
        }
    }
}
