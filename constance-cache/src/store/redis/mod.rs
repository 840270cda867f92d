//! Redis.

mod error;
mod pool;
mod url;

use std::fmt;
use std::time::Duration;

use constance_core::url::agree;
use constance_core::{Error, ErrorKind, Result};
use constance_pool::{LONGEST_TIMEOUT, Pool, PoolOptions, Purpose};
use redis::{ConnectionLike, RedisError, RedisResult, Script, Value};

use self::error::{INTERRUPTIONS, error, is_interrupted};
use self::pool::{Manager, Session};
use self::url::Url;
use super::{CacheStore, Cell, Seen, Swap, SwapFrom, Version, unique_id};

/// Keeps entries in Redis.
///
/// The server needs no persistence; where it has some, entries from before a restart count as lost, and so do those of a
/// replica that was promoted. The user needs `GET`, `MGET`, `SET`, `GETRANGE`, `TIME`, `INFO`, `EVAL`, `EVALSHA`,
/// `SCRIPT LOAD` and the keys under the namespace.
///
/// The host name leads to one server, and not to a replica. Over a name that leads to several, processes would read and clear
/// different ones, and serve old values.
///
/// ```
/// use constance_cache::RedisStore;
///
/// let store = RedisStore::from_url("redis://user:hunter2@127.0.0.1:6379/1")?;
/// assert!(!format!("{store:?}").contains("hunter2"));
/// assert!(RedisStore::from_url("http://127.0.0.1").is_err());
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct RedisStore {
    pool: Pool<Manager>,
    swap: Script,
}

/// Options of a [`RedisStore`].
pub struct RedisStoreBuilder {
    url: Url,
    connect_timeout: Option<Duration>,
    response_timeout: Option<Duration>,
    pool_size: Option<u32>,
}

/// In front of the bytes: which run of the server wrote them, a number that is theirs alone, and when they end.
const HEAD: usize = 8 + 8 + 13;

/// Replaces the cells that are as expected. What another run of the server left behind counts as nothing.
const SWAP: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = ARGV[1]
local done = {}
for i, key in ipairs(KEYS) do
    local from, own, ttl, bytes = ARGV[4 * i - 2], ARGV[4 * i - 1], tonumber(ARGV[4 * i]), ARGV[4 * i + 1]
    local due = from == '*'
    if not due then
        local is = redis.pcall('GETRANGE', key, 0, 15)
        if type(is) ~= 'string' or #is < 16 or string.sub(is, 1, 8) ~= run then
            is = ''
        end
        due = is == from
    end
    if due then
        redis.call('SET', key, run .. own .. string.format('%013.0f', now + ttl) .. bytes, 'PX', ttl)
    end
    done[i] = due and 1 or 0
end
return done
";

impl RedisStore {
    /// The server of a URL, `redis://user:password@host:port/db` or `redis+unix:///path`. No I/O.
    ///
    /// Parameters are those of the Python client that mean something here: `db`, `username` (or `user`), `password` (or `pass`),
    /// `protocol`, `socket_timeout` and `socket_connect_timeout` in seconds, and `max_connections`. Any other is refused. What
    /// the URL says twice, and what the builder says as well, has to be the same.
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is another, or a part of its login is missing. It is never shown.
    pub fn from_url(url: &str) -> Result<Self> {
        Self::builder(url)?.build()
    }

    /// Options, where the defaults will not do.
    ///
    /// # Errors
    ///
    /// As [`from_url`](Self::from_url).
    pub fn builder(url: &str) -> Result<RedisStoreBuilder> {
        Ok(RedisStoreBuilder { url: Url::read(url)?, connect_timeout: None, response_timeout: None, pool_size: None })
    }

    /// Does something over a connection, and once more over a new one where that turns out to have been closed;
    /// where a signal interrupts, over another one.
    fn over<T>(&self, work: impl Fn(&mut Session) -> RedisResult<T>) -> Result<T> {
        let (mut again, mut interrupted) = (true, 0);
        loop {
            let mut session = self.pool.get(Purpose::Read)?;
            let failure = match work(&mut session) {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            if is_interrupted(&failure) && interrupted < INTERRUPTIONS {
                interrupted += 1;
                session.discard();
                continue;
            }
            let is_gone = failure.is_connection_dropped() || failure.is_io_error() && !failure.is_timeout();
            again &= is_gone && session.is_used();
            if is_gone {
                session.retire();
            } else {
                session.discard();
            }
            if !std::mem::take(&mut again) {
                return Err(error(&failure));
            }
        }
    }
}

impl RedisStoreBuilder {
    /// How long a connection may take to make. Default: 250 ms.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How long the server may take to answer. Default: 250 ms.
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = Some(timeout);
        self
    }

    /// How many connections there are at most; who finds none free waits as long as a new one may take. Default: 10.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = Some(connections);
        self
    }

    /// The store. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the pool has no connections, a timeout is zero, or the URL says otherwise.
    pub fn build(self) -> Result<RedisStore> {
        let Self { url, connect_timeout, response_timeout, pool_size } = self;
        let usual = Duration::from_millis(250);
        let connect_timeout = agree("socket_connect_timeout", url.connect_timeout, connect_timeout)?.unwrap_or(usual);
        let response_timeout = agree("socket_timeout", url.response_timeout, response_timeout)?.unwrap_or(usual);
        let [connect_timeout, response_timeout] =
            [connect_timeout, response_timeout].map(|timeout| timeout.min(LONGEST_TIMEOUT));
        let pool_size = agree("max_connections", url.pool_size, pool_size)?.unwrap_or(10);
        if pool_size == 0 || connect_timeout.is_zero() || response_timeout.is_zero() {
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail("a cache in Redis needs at least one connection, and timeouts above zero"));
        }
        let options = PoolOptions::new().max_size(pool_size);
        let options = options.acquire_timeout(connect_timeout).connect_timeout(connect_timeout);
        let pool = options.open(Manager { client: url.client, response_timeout });
        Ok(RedisStore { pool, swap: Script::new(SWAP) })
    }
}

impl CacheStore for RedisStore {
    fn name(&self) -> &str {
        "redis"
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn read(&self, keys: &[&str]) -> Result<Vec<Seen>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut cells = redis::cmd("MGET");
        cells.arg(keys);
        let mut request = redis::cmd("TIME").get_packed_command();
        request.extend(cells.get_packed_command());
        self.over(|session| {
            let answers = session.req_packed_commands(&request, 0, 2)?;
            let [time, cells] = <[Value; 2]>::try_from(answers).map_err(|_| unexpected())?;
            let (seconds, micros): (u64, u64) = redis::from_redis_value(time).map_err(|_| unexpected())?;
            let now = seconds * 1_000 + micros / 1_000;
            let Value::Array(cells) = cells else { return Err(unexpected()) };
            if cells.len() != keys.len() {
                return Err(unexpected());
            }
            Ok(cells.into_iter().map(|cell| seen(cell, session.run, now)).collect())
        })
    }

    fn swap(&self, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>> {
        if swaps.is_empty() {
            return Ok(Vec::new());
        }
        self.over(|session| {
            let run = session.run;
            let own: Vec<u64> = swaps.iter().map(|_| unique_id()).collect();
            let mut call = self.swap.prepare_invoke();
            call.arg(&run.to_be_bytes()[..]);
            for (swap, own) in swaps.iter().zip(&own) {
                call.key(swap.key);
                match swap.from {
                    SwapFrom::Vacant => call.arg(""),
                    SwapFrom::Any => call.arg("*"),
                    SwapFrom::Version(Version(run, own)) => {
                        call.arg([run.to_be_bytes(), own.to_be_bytes()].as_flattened())
                    }
                };
                let ttl = u64::try_from(swap.ttl.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX).clamp(1, LONGEST);
                call.arg(&own.to_be_bytes()[..]).arg(ttl).arg(swap.to);
            }
            let done: Vec<u8> = call.invoke(&mut **session)?;
            Ok(done.iter().zip(own).map(|(done, own)| (*done == 1).then_some(Version(run, own))).collect())
        })
    }
}

/// A hundred years: what is longer is not a time that Redis can add.
const LONGEST: u64 = 100 * 366 * 24 * 60 * 60 * 1_000;

fn seen(value: Value, run: u64, now: u64) -> Seen {
    let Value::BulkString(mut bytes) = value else { return Seen::Vacant };
    match head(&bytes) {
        Some((wrote, own, end)) if wrote == run => {
            bytes.drain(..HEAD);
            let left = Duration::from_millis(end.saturating_sub(now));
            Seen::Cell(Cell { bytes, left, version: Version(run, own) })
        }
        // Of another run, or not ours: a swap takes it for nothing as well.
        _ => Seen::Vacant,
    }
}

fn head(bytes: &[u8]) -> Option<(u64, u64, u64)> {
    let number = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let end = std::str::from_utf8(bytes.get(16..HEAD)?).ok()?.parse().ok()?;
    Some((number(0)?, number(8)?, end))
}

fn unexpected() -> RedisError {
    (redis::ErrorKind::UnexpectedReturnType, "an answer of another shape").into()
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, connect_timeout, response_timeout, pool_size } = self;
        f.debug_struct("RedisStoreBuilder")
            .field("connect_timeout", connect_timeout)
            .field("response_timeout", response_timeout)
            .field("pool_size", pool_size)
            .finish_non_exhaustive()
    }
}
