//! The master of a group that sentinels watch.

mod url;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use constance_core::{Cause, Error, ErrorKind, Result};
use constance_pool::addresses;
use redis::{Connection, ConnectionLike, RedisResult, Value, cmd};

use crate::error::{fault, not_redis, timeout, uninterrupted};
use crate::manager::{self, Session};
use crate::target::Target;

pub(crate) use self::url::open;

/// Sentinels, and how to log in to the master that they name.
///
/// Each connection begins with a question to the sentinels and ends with the server saying that it is a master: a sentinel
/// that was cut off may name one that is none any more. Nothing is remembered but which sentinel answered last, so there
/// is nothing that could be out of date; connections live long enough to make it cheap. Sentinels that are not in the list
/// are not asked, though others would name them: the list is the application's.
pub(crate) struct Sentinels {
    sentinels: Vec<Target>,
    name: String,
    /// The way to log in to the master; its address is the one of a sentinel.
    master: Target,
    /// Which sentinel is asked first: the one that answered last.
    first: AtomicUsize,
}

impl Sentinels {
    pub(crate) fn connect(&self, within: Duration, response_timeout: Duration) -> Result<Session> {
        self.reach(within, |target, within| {
            let mut session = manager::connect(&target.info()?, within, response_timeout)?;
            role(&mut session)?;
            Ok(session)
        })
    }

    pub(crate) fn dedicate(&self, within: Duration) -> Result<Connection> {
        self.reach(within, |target, within| {
            let mut connection = manager::dedicate(&target.info()?, within)?;
            let limits =
                connection.set_read_timeout(Some(within)).and_then(|()| connection.set_write_timeout(Some(within)));
            limits.map_err(|error| fault(&error).error)?;
            role(&mut connection)?;
            Ok(connection)
        })
    }

    /// Which group it is: its sentinels in any order, its name, and the database.
    pub(crate) fn identity(&self) -> Option<String> {
        let mut sentinels = self.sentinels.iter().map(Target::identity).collect::<Option<Vec<_>>>()?;
        sentinels.sort();
        // The master's address is that of the sentinel which is named first.
        Some(format!("{} {} {}", sentinels.join(","), self.name, self.master.server().redis_settings().db()))
    }

    /// Asks one sentinel after the other, and tries what each names, until one is reached or the time is over.
    fn reach<T>(&self, within: Duration, connect: impl Fn(&Target, Duration) -> Result<T>) -> Result<T> {
        let end = Instant::now() + within;
        let left = || end.saturating_duration_since(Instant::now());
        let (count, first) = (self.sentinels.len(), self.first.load(Ordering::Relaxed));
        let mut tried: Vec<(String, u16)> = Vec::new();
        let mut failure: Option<Error> = None;
        for turn in 0..count {
            let place = (first + turn) % count;
            let others = (count - turn - 1) as u32;
            // One that is silent leaves time for the others, and for the master.
            let share = left() / (others + 2);
            if share.is_zero() {
                break;
            }
            let found = match self.sentinels.get(place) {
                Some(sentinel) => ask(sentinel, &self.name, share)
                    .map_err(|error| error.with_location(manager::location(sentinel.server().addr()))),
                None => break,
            };
            let address = match found {
                Ok(address) => address,
                Err(error) => {
                    // What became of a master that was named says more than a sentinel that is silent.
                    failure.get_or_insert(error);
                    continue;
                }
            };
            self.first.store(place, Ordering::Relaxed);
            if tried.contains(&address) {
                continue;
            }
            let share = if others == 0 { left() } else { left() / 4 * 3 };
            match connect(&self.master.at(&address.0, address.1), share.max(Duration::from_millis(1))) {
                Ok(connection) => return Ok(connection),
                Err(error) => failure = Some(error.with_location(addresses::location(&address.0, address.1))),
            }
            tried.push(address);
        }
        Err(failure.unwrap_or_else(|| timeout().with_detail("the sentinels could not be asked in time")))
    }
}

/// Where the master is, by what one sentinel says.
fn ask(sentinel: &Target, name: &str, within: Duration) -> Result<(String, u16)> {
    let end = Instant::now() + within;
    let mut session = manager::connect(&sentinel.info()?, within, within)?;
    let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    session.limit(left)?;
    let answer: RedisResult<Value> = cmd("SENTINEL").arg("get-master-addr-by-name").arg(name).query(&mut session);
    match answer.map_err(|error| fault(&error).error)? {
        Value::Nil => Err(Error::new(ErrorKind::Unavailable)
            .with_detail("the sentinels know no master of this name")
            .with_hint("look at the name in the URL: redis+sentinel://host:26379/name/0")
            .with_cause(Cause::new("redis").with_code("SENTINEL"))),
        answer => redis::from_redis_value(answer).map_err(|_| not_redis()),
    }
}

/// Makes sure that a server is a master.
fn role(connection: &mut dyn ConnectionLike) -> Result<()> {
    let answer: Value = uninterrupted(|| cmd("ROLE").query(connection)).map_err(|error| {
        let error = fault(&error).error;
        match error.kind() {
            ErrorKind::Denied => error.with_detail("the user may not ask for the server's role"),
            _ => error,
        }
    })?;
    let Value::Array(parts) = answer else { return Err(not_redis()) };
    match parts.first() {
        Some(Value::BulkString(role)) if role == b"master" => Ok(()),
        Some(Value::BulkString(_)) => Err(Error::new(ErrorKind::Unavailable)
            .with_detail("the server that the sentinels name is no master")
            .with_cause(Cause::new("redis").with_code("ROLE"))),
        _ => Err(not_redis()),
    }
}

impl fmt::Debug for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sentinels, name, master, first: _ } = self;
        f.debug_struct("Sentinels").field("sentinels", sentinels).field("name", name).field("master", master).finish()
    }
}
