//! Reads of Redis by many tasks at once over one connection, beside the bare driver: `cargo xtask bench redis_tasks`.
//!
//! The floor has a response timeout like ours, since a request without one may never end; the driver keeps a timer for each
//! request either way.
//!
//! `cargo xtask bench redis_tasks -- count read 20000` makes so many reads of one kind (`raw`, `read`, `get`) in one thread
//! and ends: for a tool that counts instructions, whose figures no load of the machine changes.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use constance_bench::Table;
use constance_core::aio::{AsyncBackend, AsyncConfig};
use constance_core::{Prefix, Settings, backend::Key};
use constance_redis::aio::AsyncRedisBackend;
use constance_redis::redis::aio::MultiplexedConnection;
use constance_redis::redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, RedisResult, cmd};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

mod common;

use common::decoded;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
}

/// How many tasks share the connection, and how many reads each of them makes in an operation.
const TASKS: usize = 64;
const EACH: usize = 20;

/// As long as ours is where nothing else is said.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// What is compared, over connections of the same kind.
struct Ways {
    raw: MultiplexedConnection,
    /// The driver's default: small requests wait for the acknowledgement of the last one, and travel together.
    gathering: MultiplexedConnection,
    backend: Arc<AsyncRedisBackend>,
    config: Arc<AsyncConfig<Shop>>,
    key: Key,
}

impl Ways {
    async fn open(url: &str) -> Result<Self, Box<dyn Error>> {
        let prefix = Prefix::new("bench:")?;
        let shared = || AsyncRedisBackend::builder().url(url).default_prefix(prefix.clone()).build();
        let options = AsyncConnectionConfig::new().set_response_timeout(Some(RESPONSE_TIMEOUT));
        let info = url.into_connection_info()?;
        let prompt = info.tcp_settings().clone().set_nodelay(true);
        let ways = Self {
            raw: raw(info.clone().set_tcp_settings(prompt), &options).await?,
            gathering: raw(info, &options).await?,
            backend: Arc::new(shared()?),
            config: Arc::new(AsyncConfig::new(shared()?)),
            key: prefix.key("the_answer")?,
        };
        ways.config.set(Shop::THE_ANSWER, 300).await?;
        ways.backend.ping().await?;
        Ok(ways)
    }
}

async fn raw(info: ConnectionInfo, options: &AsyncConnectionConfig) -> RedisResult<MultiplexedConnection> {
    Client::open(info)?.get_multiplexed_async_connection_with_config(options).await
}

/// Reads of many tasks at once.
fn together<F>(runtime: &Runtime, reads: impl Fn() -> F) -> u64
where
    F: Future<Output = u64> + Send + 'static,
{
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        (0..TASKS).for_each(|_| drop(tasks.spawn(reads())));
        tasks.join_all().await.into_iter().sum()
    })
}

async fn raw_gets(mut connection: MultiplexedConnection, times: usize) -> u64 {
    let mut sum = 0;
    for _ in 0..times {
        sum += cmd("GET").arg("bench:the_answer").query_async(&mut connection).await.map_or(0, decoded);
    }
    sum
}

async fn gets(config: Arc<AsyncConfig<Shop>>, times: usize) -> u64 {
    let mut sum = 0;
    for _ in 0..times {
        sum += config.get(Shop::THE_ANSWER).await.unwrap_or(0) as u64;
    }
    sum
}

async fn reads(backend: Arc<AsyncRedisBackend>, key: Key, times: usize) -> u64 {
    let mut sum = 0;
    for _ in 0..times {
        sum += backend.read(&[&key]).await.map_or(0, |found| found.len() as u64);
    }
    sum
}

/// So many reads of one kind, and nothing else.
fn count(url: &str, kind: &str, times: usize) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let ways = runtime.block_on(Ways::open(url))?;
    let each = times / TASKS;
    let read = match kind {
        "raw" => together(&runtime, || raw_gets(ways.raw.clone(), each)),
        "read" => together(&runtime, || reads(Arc::clone(&ways.backend), ways.key.clone(), each)),
        "get" => together(&runtime, || gets(Arc::clone(&ways.config), each)),
        _ => return Err("count raw, read or get".into()),
    };
    if read == 0 { Err("nothing was read".into()) } else { Ok(()) }
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some((url, _server)) = common::server() else { return Ok(()) };
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [word, kind, times] = &arguments[..]
        && word == "count"
    {
        return count(&url, kind, times.parse()?);
    }
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ways = runtime.block_on(Ways::open(&url))?;
    Table::new()
        .row("redis-rs, 64 tasks of 20 GETs", None, || || together(&runtime, || raw_gets(ways.raw.clone(), EACH)))
        .row("AsyncBackend::read, the same", Some("redis-rs, 64 tasks of 20 GETs"), || {
            || together(&runtime, || reads(Arc::clone(&ways.backend), ways.key.clone(), EACH))
        })
        .row("AsyncConfig::get, the same", Some("redis-rs, 64 tasks of 20 GETs"), || {
            || together(&runtime, || gets(Arc::clone(&ways.config), EACH))
        })
        .row("redis-rs with Nagle's algorithm, the same", Some("redis-rs, 64 tasks of 20 GETs"), || {
            || together(&runtime, || raw_gets(ways.gathering.clone(), EACH))
        })
        .print("Reads of Redis by 64 tasks over one connection", Duration::from_millis(50));
    Ok(())
}
