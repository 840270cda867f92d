//! A cache in Redis.

mod error;
mod pool;
mod url;

use std::fmt;
use std::time::Duration;

use constance_core::url::merge_option;
use constance_core::{Error, ErrorKind, Result};
use constance_pool::{MAX_TIMEOUT, Pool, PoolOptions, Purpose};
use redis::{ConnectionLike, RedisError, RedisResult, Script, Value};

use self::error::{classify, is_interrupted};
use self::pool::{Manager, RunConnection};
use self::url::Url;
use super::interrupted::MAX_INTERRUPTIONS;
use super::{CacheStore, Cell, Seen, Swap, SwapFrom, Version, unique_id};

/// Keeps entries in Redis.
///
/// The server needs no persistence. Entries from before a restart count as lost even where it has some, and so do those
/// of a promoted replica. The user needs `GET`, `MGET`, `SET`, `GETRANGE`, `TIME`, `INFO`, `EVAL`, `EVALSHA`, `SCRIPT
/// LOAD` and the keys under the namespace.
///
/// The host name has to be that of one server, and not of a replica. With several servers behind one name, processes
/// would read and clear different ones, and serve old values.
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

/// Builds a [`RedisStore`]; made by [`RedisStore::builder`].
pub struct RedisStoreBuilder {
    url: Url,
    connect_timeout: Option<Duration>,
    response_timeout: Option<Duration>,
    pool_size: Option<u32>,
}

/// The length of the header of a cell: the run of the server, a unique number, and the expiry time.
const HEADER_LEN: usize = 8 + 8 + 13;

/// Replaces the cells that are as expected. A cell of another run of the server counts as vacant.
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
    /// Parameters are those of the Python client: `db`, `username` (or `user`), `password` (or `pass`), `protocol`,
    /// `socket_timeout` and `socket_connect_timeout` in seconds, and `max_connections`. Any other is an error. A value
    /// that is given twice, in the URL or also to the builder, has to be the same.
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of a Redis server, or a part of its login is missing. The error does not
    /// show it.
    pub fn from_url(url: &str) -> Result<Self> {
        Self::builder(url)?.build()
    }

    /// A builder, for options other than the defaults.
    ///
    /// # Errors
    ///
    /// As [`from_url`](Self::from_url).
    pub fn builder(url: &str) -> Result<RedisStoreBuilder> {
        Ok(RedisStoreBuilder { url: Url::parse(url)?, connect_timeout: None, response_timeout: None, pool_size: None })
    }

    /// Runs `work` on a connection. It runs again on another one where the server had closed the connection (once), and
    /// where a signal interrupted it.
    fn with_retry<T>(&self, work: impl Fn(&mut RunConnection) -> RedisResult<T>) -> Result<T> {
        let (mut retry, mut interrupted) = (true, 0);
        loop {
            let mut connection = self.pool.get(Purpose::Read)?;
            let failure = match work(&mut connection) {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            if is_interrupted(&failure) && interrupted < MAX_INTERRUPTIONS {
                interrupted += 1;
                connection.discard();
                continue;
            }
            let is_closed = failure.is_connection_dropped() || failure.is_io_error() && !failure.is_timeout();
            retry &= is_closed && connection.is_used();
            if is_closed {
                connection.discard_all();
            } else {
                connection.discard();
            }
            if !std::mem::take(&mut retry) {
                return Err(classify(&failure));
            }
        }
    }
}

impl RedisStoreBuilder {
    /// How long connecting may take. Default: 250 ms.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How long the server may take to reply. Default: 250 ms.
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = Some(timeout);
        self
    }

    /// The maximum number of connections. A call waits for a free one for the connect timeout. Default: 10.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = Some(connections);
        self
    }

    /// Makes the store. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the pool has no connections, a timeout is zero, or the URL contradicts the builder.
    pub fn build(self) -> Result<RedisStore> {
        let Self { url, connect_timeout, response_timeout, pool_size } = self;
        let default = Duration::from_millis(250);
        let connect_timeout =
            merge_option("socket_connect_timeout", url.connect_timeout, connect_timeout)?.unwrap_or(default);
        let response_timeout =
            merge_option("socket_timeout", url.response_timeout, response_timeout)?.unwrap_or(default);
        let [connect_timeout, response_timeout] =
            [connect_timeout, response_timeout].map(|timeout| timeout.min(MAX_TIMEOUT));
        let pool_size = merge_option("max_connections", url.pool_size, pool_size)?.unwrap_or(10);
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
        self.with_retry(|connection| {
            let replies = connection.req_packed_commands(&request, 0, 2)?;
            let [time, cells] = <[Value; 2]>::try_from(replies).map_err(|_| unexpected_reply())?;
            let (seconds, micros): (u64, u64) = redis::from_redis_value(time).map_err(|_| unexpected_reply())?;
            let now = seconds * 1_000 + micros / 1_000;
            let Value::Array(cells) = cells else { return Err(unexpected_reply()) };
            if cells.len() != keys.len() {
                return Err(unexpected_reply());
            }
            Ok(cells.into_iter().map(|cell| seen(cell, connection.run, now)).collect())
        })
    }

    fn swap(&self, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>> {
        if swaps.is_empty() {
            return Ok(Vec::new());
        }
        self.with_retry(|connection| {
            let run = connection.run;
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
            let done: Vec<u8> = call.invoke(&mut **connection)?;
            Ok(done.iter().zip(own).map(|(done, own)| (*done == 1).then_some(Version(run, own))).collect())
        })
    }
}

/// A hundred years. Redis cannot add a much longer time.
const LONGEST: u64 = 100 * 366 * 24 * 60 * 60 * 1_000;

fn seen(value: Value, run: u64, now: u64) -> Seen {
    let Value::BulkString(mut bytes) = value else { return Seen::Vacant };
    match parse_header(&bytes) {
        Some((wrote, own, end)) if wrote == run => {
            bytes.drain(..HEADER_LEN);
            let left = Duration::from_millis(end.saturating_sub(now));
            Seen::Cell(Cell { bytes, left, version: Version(run, own) })
        }
        // A cell of another run, or not ours. A swap treats it as vacant too.
        _ => Seen::Vacant,
    }
}

fn parse_header(bytes: &[u8]) -> Option<(u64, u64, u64)> {
    let number = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let end = std::str::from_utf8(bytes.get(16..HEADER_LEN)?).ok()?.parse().ok()?;
    Some((number(0)?, number(8)?, end))
}

fn unexpected_reply() -> RedisError {
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
