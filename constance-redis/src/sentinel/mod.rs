//! Connecting to the master that sentinels name.

mod url;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result, backend::Cause};
use constance_pool::addresses;
use redis::{Connection, ConnectionLike, Value, cmd};

use crate::connect::{self, set_timeouts};
use crate::connect_options::ConnectOptions;
use crate::connection::TimedConnection;
use crate::error::{self, classify, invalid_reply, retry_interrupted};

pub(crate) use self::url::from_url;

/// Sentinels, and how to connect to the master that they name.
///
/// Each new connection asks a sentinel for the master, and then asks that server for its role: a sentinel that was cut
/// off may name an old master. The address of the master is not kept, so it cannot be outdated. Only the sentinels of the
/// URL are asked, not others that they know.
pub(crate) struct Sentinels {
    sentinels: Vec<ConnectOptions>,
    name: String,
    /// How to connect to the master. Its address is that of a sentinel and is replaced.
    master: ConnectOptions,
    /// The index of the sentinel that replied last, which is asked first.
    first: AtomicUsize,
}

impl Sentinels {
    pub(crate) fn connect(&self, timeout: Duration, response_timeout: Duration) -> Result<TimedConnection> {
        self.connect_to_master(timeout, |options, timeout| {
            let mut connection = connect::connect(&options.connection_info()?, timeout, response_timeout)?;
            require_master(&mut connection)?;
            Ok(connection)
        })
    }

    pub(crate) fn connect_for_watch(&self, timeout: Duration) -> Result<Connection> {
        self.connect_to_master(timeout, |options, timeout| {
            let mut connection = connect::connect_for_watch(&options.connection_info()?, timeout)?;
            set_timeouts(&connection, timeout)?;
            require_master(&mut connection)?;
            Ok(connection)
        })
    }

    /// The identity of the group: its sentinels in any order, the name of the master, and the database.
    pub(crate) fn identity(&self) -> Option<String> {
        let mut sentinels = self.sentinels.iter().map(ConnectOptions::identity).collect::<Option<Vec<_>>>()?;
        sentinels.sort();
        // `master` has the address of a sentinel, so only its database counts.
        Some(format!(
            "{} {} {}",
            sentinels.join(","),
            self.name,
            self.master.without_certificates().redis_settings().db()
        ))
    }

    /// Asks one sentinel after the other and connects to the master that it names, until one connection is made or the
    /// time is over.
    fn connect_to_master<T>(
        &self,
        timeout: Duration,
        connect: impl Fn(&ConnectOptions, Duration) -> Result<T>,
    ) -> Result<T> {
        let end = Instant::now() + timeout;
        let left = || end.saturating_duration_since(Instant::now());
        let (count, first) = (self.sentinels.len(), self.first.load(Ordering::Relaxed));
        let mut tried: Vec<(String, u16)> = Vec::new();
        let mut failure: Option<Error> = None;
        for attempt in 0..count {
            let index = (first + attempt) % count;
            let others = (count - attempt - 1) as u32;
            // A silent sentinel has to leave time for the others and for the master.
            let share = left() / (others + 2);
            if share.is_zero() {
                break;
            }
            let found = match self.sentinels.get(index) {
                Some(sentinel) => master_address(sentinel, &self.name, share)
                    .map_err(|error| error.with_location(connect::location(sentinel.without_certificates().addr()))),
                None => break,
            };
            let address = match found {
                Ok(address) => address,
                Err(error) => {
                    // An error of a master says more than one of a sentinel.
                    failure.get_or_insert(error);
                    continue;
                }
            };
            self.first.store(index, Ordering::Relaxed);
            if tried.contains(&address) {
                continue;
            }
            let share = if others == 0 { left() } else { left() / 4 * 3 };
            match connect(&self.master.with_address(&address.0, address.1), share.max(Duration::from_millis(1))) {
                Ok(connection) => return Ok(connection),
                Err(error) => failure = Some(error.with_location(addresses::location(&address.0, address.1))),
            }
            tried.push(address);
        }
        Err(failure.unwrap_or_else(|| error::timeout().with_detail("the sentinels could not be asked in time")))
    }
}

/// Asks one sentinel for the address of the master.
fn master_address(sentinel: &ConnectOptions, name: &str, timeout: Duration) -> Result<(String, u16)> {
    let end = Instant::now() + timeout;
    let mut connection = connect::connect(&sentinel.connection_info()?, timeout, timeout)?;
    let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    connection.set_response_timeout(left)?;
    let mut command = cmd("SENTINEL");
    command.arg("get-master-addr-by-name").arg(name);
    let reply = retry_interrupted(|| command.query::<Value>(&mut connection));
    match reply.map_err(|error| classify(&error).error)? {
        Value::Nil => Err(Error::new(ErrorKind::Unavailable)
            .with_detail("the sentinels know no master of this name")
            .with_hint("look at the name in the URL: redis+sentinel://host:26379/name/0")
            .with_cause(Cause::new("redis").with_code("SENTINEL"))),
        reply => redis::from_redis_value(reply).map_err(|_| invalid_reply()),
    }
}

/// Checks that a server is a master.
fn require_master(connection: &mut dyn ConnectionLike) -> Result<()> {
    let reply: Value = retry_interrupted(|| cmd("ROLE").query(connection)).map_err(|error| {
        let error = classify(&error).error;
        match error.kind() {
            ErrorKind::Denied => error.with_detail("the user may not ask for the server's role"),
            _ => error,
        }
    })?;
    let Value::Array(parts) = reply else { return Err(invalid_reply()) };
    match parts.first() {
        Some(Value::BulkString(role)) if role == b"master" => Ok(()),
        Some(Value::BulkString(_)) => Err(Error::new(ErrorKind::Unavailable)
            .with_detail("the server that the sentinels name is no master")
            .with_cause(Cause::new("redis").with_code("ROLE"))),
        _ => Err(invalid_reply()),
    }
}

impl fmt::Debug for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sentinels, name, master, first: _ } = self;
        f.debug_struct("Sentinels").field("sentinels", sentinels).field("name", name).field("master", master).finish()
    }
}
