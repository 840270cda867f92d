//! Makes the connections of the pool.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use r2d2::ManageConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Cmd, Connection, ConnectionAddr, ConnectionInfo, ConnectionLike, ProtocolVersion, RedisResult, Value};

use crate::error::{fault, timeout};
use crate::way::Way;

/// A connection with a bound on each call, and what is known of its health.
pub(crate) struct Session {
    connection: Connection,
    response_timeout: Duration,
    /// Set after any failure that was not a clean answer; the pool then drops the connection.
    pub(crate) broken: bool,
    /// Whether it has served a call.
    pub(crate) used: bool,
    /// When it was last known to be there.
    pub(crate) seen: Instant,
    /// The door's count when the connection was made.
    pub(crate) era: u64,
}

/// Opens connections for r2d2.
///
/// The driver's own manager keeps a connection that failed, and waits for ever for a server that does not answer.
pub(crate) struct Manager(pub(crate) Arc<Door>);

/// Where connections come from, shared by the manager inside the pool and those who ask the pool.
pub(crate) struct Door {
    pub(crate) way: Way,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    /// Grows when a connection turns out to have been closed: those made before are then not lent again.
    era: AtomicU64,
    /// Why the last connection could not be made; r2d2 keeps only the text of it.
    failure: Mutex<Option<Error>>,
    /// Connections that were made to see whether one can be, for the pool to take over.
    spare: Mutex<Vec<Session>>,
}

impl Door {
    pub(crate) fn new(way: impl Into<Way>, connect_timeout: Duration, response_timeout: Duration) -> Self {
        Self {
            way: way.into(),
            connect_timeout,
            response_timeout,
            era: AtomicU64::new(0),
            failure: Mutex::default(),
            spare: Mutex::default(),
        }
    }

    /// Makes a connection now and puts it aside for the pool, so that one that cannot be made fails here, at once: r2d2
    /// tries again and again until its timeout is over.
    pub(crate) fn probe(&self) -> Result<()> {
        let session = self.connect()?;
        self.spare.lock().push(session);
        Ok(())
    }

    /// Why the last try to connect failed, if it did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().clone()
    }

    pub(crate) fn era(&self) -> u64 {
        self.era.load(Ordering::Acquire)
    }

    /// Ends the time of every connection made until now, unless that was done since `era`.
    pub(crate) fn end(&self, era: u64) {
        let _ = self.era.compare_exchange(era, era + 1, Ordering::AcqRel, Ordering::Acquire);
    }

    fn connect(&self) -> Result<Session> {
        // Looked at before the connection is made: if a restart is noticed in between, it counts as out of date and is
        // made anew. The other way round a dead one would pass for new.
        let era = self.era();
        let made = self.way.connect(self.connect_timeout, self.response_timeout);
        let made = made.map(|session| Session { era, ..session });
        *self.failure.lock() = made.as_ref().err().cloned();
        made
    }

    /// A connection for a feed.
    pub(crate) fn dedicate(&self) -> Result<Connection> {
        self.way.dedicate(self.connect_timeout)
    }
}

/// Makes a connection, all of it within one timeout: looking the name up, connecting, TLS, and logging in.
pub(crate) fn connect(info: &ConnectionInfo, within: Duration, response_timeout: Duration) -> Result<Session> {
    let connection = open(info.clone(), within)?;
    let timed = connection
        .set_read_timeout(Some(response_timeout))
        .and_then(|()| connection.set_write_timeout(Some(response_timeout)));
    timed.map_err(|error| fault(&error).error)?;
    Ok(Session { connection, response_timeout, broken: false, used: false, seen: Instant::now(), era: 0 })
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

fn open(info: ConnectionInfo, within: Duration) -> Result<Connection> {
    crate::tls::prepare(info.addr());
    let open = move |info: &ConnectionInfo| redis::Client::open(info.clone())?.get_connection_with_timeout(within);
    let made = match is_bounded(info.addr()) {
        true => open(&info),
        false => {
            // The driver bounds neither the look-up of a name nor every kind of TLS handshake. What hangs is left behind.
            let (done, made) = sync_channel(1);
            let work = move || drop(done.send(open(&info)));
            if thread::Builder::new().name("constance-redis-connect".to_owned()).spawn(work).is_err() {
                return Err(Error::new(ErrorKind::Unavailable).with_detail("no thread could be started"));
            }
            made.recv_timeout(within).map_err(|_| timeout().with_detail("the server could not be reached in time"))?
        }
    };
    made.map_err(|error| {
        let error = fault(&error).error;
        match error.kind() {
            ErrorKind::Timeout => error.with_detail("the server could not be reached in time"),
            _ => error,
        }
    })
}

/// Whether the driver's own timeouts are enough.
fn is_bounded(addr: &ConnectionAddr) -> bool {
    match addr {
        ConnectionAddr::Tcp(host, _) => host.parse::<IpAddr>().is_ok(),
        ConnectionAddr::Unix(_) => true,
        _ => false,
    }
}

/// How long a connection may lie idle and still be taken to be there.
pub(crate) const REST: Duration = Duration::from_secs(1);

impl Session {
    /// Waits no longer than this for an answer.
    #[cfg(any(feature = "sentinel", feature = "cluster"))]
    pub(crate) fn limit(&mut self, response_timeout: Duration) -> Result<()> {
        self.response_timeout = response_timeout;
        let timed = self.connection.set_read_timeout(Some(response_timeout));
        let timed = timed.and_then(|()| self.connection.set_write_timeout(Some(response_timeout)));
        timed.map_err(|error| fault(&error).error)
    }

    /// Whether it has lain idle for so long that it may have died unnoticed.
    pub(crate) fn is_rested(&self) -> bool {
        self.seen.elapsed() > REST
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
        !self.broken && self.connection.is_open()
    }
}

impl ManageConnection for Manager {
    type Connection = Session;
    type Error = Error;

    fn connect(&self) -> Result<Session> {
        // Taken in a statement of its own: the lock must not be held while a connection is made.
        let spare = self.0.spare.lock().pop();
        // One that nobody took for a while may have died since, and would pass for new.
        spare.filter(|session| !session.is_rested()).map_or_else(|| self.0.connect(), Ok)
    }

    /// Not asked: the pool is built without a test on checkout, which would double the price of a read.
    fn is_valid(&self, _: &mut Session) -> Result<()> {
        Ok(())
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        !session.is_open() || thread::panicking()
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Manager(redis)")
    }
}
