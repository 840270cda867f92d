//! Makes the connections of the pool.

use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use constance_pool::addresses;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Cmd, Connection, ConnectionAddr, ConnectionInfo, ConnectionLike, ProtocolVersion, RedisResult, Value};

use crate::error::{fault, uninterrupted};
use crate::way::Way;

/// A connection with a bound on each call.
pub(crate) struct Session {
    connection: Connection,
    response_timeout: Duration,
}

/// Makes connections to one server, or to the master that sentinels name.
///
/// The driver's own manager keeps a connection that failed, and waits for ever for a server that does not answer.
pub(crate) struct Manager {
    pub(crate) way: Way,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
}

impl Manager {
    /// A connection for a feed.
    pub(crate) fn dedicate(&self) -> Result<Connection> {
        self.way.dedicate(self.connect_timeout)
    }
}

impl constance_pool::Manager for Manager {
    type Connection = Session;

    fn connect(&self, within: Duration) -> Result<Session> {
        self.way.connect(within, self.response_timeout)
    }

    fn check(&self, session: &mut Session, _: Duration) -> Result<()> {
        sign_of_life(session)
    }

    fn is_broken(&self, session: &mut Session) -> bool {
        !session.is_open()
    }
}

/// Makes a connection, all of it within one timeout: looking the name up, connecting, TLS, and logging in.
pub(crate) fn connect(info: &ConnectionInfo, within: Duration, response_timeout: Duration) -> Result<Session> {
    let connection = open(info.clone(), within)?;
    let timed = connection
        .set_read_timeout(Some(response_timeout))
        .and_then(|()| connection.set_write_timeout(Some(response_timeout)));
    timed.map_err(|error| fault(&error).error)?;
    Ok(Session { connection, response_timeout })
}

/// How long what was sent may stay unacknowledged before the system gives the connection up.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// Makes a connection for a feed, which lies still for long times and has to notice when the other side is no more.
pub(crate) fn dedicate(info: &ConnectionInfo, within: Duration) -> Result<Connection> {
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(5)).with_interval(Duration::from_secs(2));
    let tcp = info.tcp_settings().clone().set_keepalive(keepalive);
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
    let tcp: TcpSettings = tcp.set_user_timeout(UNACKNOWLEDGED);
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    open(info.clone().set_tcp_settings(tcp).set_redis_settings(settings), within)
}

/// Makes a connection. Each address of the server has a share of the time.
fn open(info: ConnectionInfo, within: Duration) -> Result<Connection> {
    crate::tls::prepare(info.addr());
    let location = location(info.addr());
    let made = match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let end = Instant::now() + within;
            addresses::resolve(host, *port, within).and_then(|found| {
                addresses::each(&found, end, |address, share| {
                    let place = ConnectionAddr::Tcp(address.ip().to_string(), address.port());
                    let info = info.clone().set_addr(place);
                    if found.len() > 1 {
                        // The driver waits for each reply of its greeting for so long, which would take the time of the next.
                        constance_pool::within(share, move || drive_and_ask(info, share))
                    } else {
                        drive(info, share)
                    }
                })
            })
        }
        // The certificate is for the name, so the driver has to look it up itself, and gives its time to each address.
        // It does not bound every kind of handshake.
        ConnectionAddr::TcpTls { host, port, .. } => addresses::resolve(host, *port, within).and_then(|found| {
            let share = within / u32::try_from(found.len()).unwrap_or(u32::MAX).max(1);
            constance_pool::within(within, move || drive(info, share.max(Duration::from_millis(1))))
        }),
        _ => drive(info, within),
    };
    made.map_err(|error| unreached(error, &location))
}

/// The error of a connection that was not made, with where it should have led.
pub(crate) fn unreached(error: Error, location: &str) -> Error {
    let error = match error.kind() {
        ErrorKind::Timeout => error.with_detail("the server could not be reached in time"),
        _ => error,
    };
    error.with_location(location)
}

/// Where a server is, without a user.
pub(crate) fn location(addr: &ConnectionAddr) -> String {
    match addr {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            constance_pool::addresses::location(host, *port)
        }
        other => other.to_string(),
    }
}

/// Makes sure that somebody answers: one who takes connections and says nothing makes way for the next address.
fn drive_and_ask(info: ConnectionInfo, within: Duration) -> Result<Connection> {
    let mut connection = drive(info, within)?;
    let timed = connection.set_read_timeout(Some(within)).and_then(|()| connection.set_write_timeout(Some(within)));
    timed.map_err(|error| fault(&error).error)?;
    sign_of_life(&mut connection)?;
    Ok(connection)
}

/// An answer, whatever it says.
fn sign_of_life(connection: &mut dyn ConnectionLike) -> Result<()> {
    match uninterrupted(|| redis::cmd("PING").exec(connection)).map_err(|error| fault(&error)) {
        Err(fault) if fault.broken => Err(fault.error),
        _ => Ok(()),
    }
}

fn drive(info: ConnectionInfo, within: Duration) -> Result<Connection> {
    let made =
        redis::Client::open(info).and_then(|client| uninterrupted(|| client.get_connection_with_timeout(within)));
    made.map_err(|error| fault(&error).error)
}

#[cfg(any(feature = "sentinel", feature = "cluster"))]
impl Session {
    /// Waits no longer than this for an answer.
    pub(crate) fn limit(&mut self, response_timeout: Duration) -> Result<()> {
        self.response_timeout = response_timeout;
        let timed = self.connection.set_read_timeout(Some(response_timeout));
        let timed = timed.and_then(|()| self.connection.set_write_timeout(Some(response_timeout)));
        timed.map_err(|error| fault(&error).error)
    }
}

impl ConnectionLike for Session {
    fn req_packed_command(&mut self, cmd: &[u8]) -> RedisResult<Value> {
        self.connection.req_packed_command(cmd)
    }

    /// The driver waits one timeout for each reply of a pipeline; here one is the bound of all.
    fn req_packed_commands(&mut self, cmd: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        let end = Instant::now() + self.response_timeout;
        self.connection.send_packed_command(cmd)?;
        let mut replies = Vec::with_capacity(count);
        let mut shortened = false;
        let mut place = 0;
        while place < offset + count {
            let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            // Setting it costs a call of the system, which answers that come together need not pay.
            if left < self.response_timeout / 4 * 3 {
                self.connection.set_read_timeout(Some(left))?;
                shortened = true;
            }
            match self.connection.recv_response()? {
                Value::Push { .. } => continue,
                reply if place >= offset => replies.push(reply),
                _ => {}
            }
            place += 1;
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
