//! Reads of Redis, beside the bare driver on a connection of the same kind: `cargo xtask bench redis`.
//!
//! It starts a server of its own, or uses the one of `CONSTANCE_REDIS_URL`.
#![allow(clippy::print_stderr, reason = "a benchmark says why it does nothing")]

use std::env;
use std::error::Error;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_bench::Table;
use constance_core::aio::{AsyncBackend, AsyncConfig};
use constance_core::{Backend, Batch, Change, Config, Encoded, Key, Prefix, Settings};
use constance_redis::RedisBackend;
use constance_redis::aio::AsyncRedisBackend;
use constance_redis::redis::aio::MultiplexedConnection;
use constance_redis::redis::{Client, Connection, cmd};
use r2d2::Pool;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
}

/// How many tasks share the connection, and how many reads each of them makes in an operation.
const TASKS: usize = 64;
const EACH: usize = 20;

/// A server of the benchmark's own, which ends with it.
struct Server {
    process: Child,
    port: u16,
    /// Removed after the process has ended.
    _folder: TempDir,
}

impl Server {
    fn start() -> Result<Self, Box<dyn Error>> {
        let folder = TempDir::new()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { process, port, _folder: folder };
        let began = Instant::now();
        while Client::open(server.url())?.get_connection().is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err("redis-server does not start".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn decoded(bytes: Option<Vec<u8>>) -> u64 {
    let bytes = bytes.unwrap_or_default();
    rmp_serde::from_slice::<i64>(bytes.get(2..).unwrap_or_default()).unwrap_or(0) as u64
}

fn get(connection: &mut Connection) -> u64 {
    cmd("GET").arg("bench:the_answer").query(connection).map_or(0, decoded)
}

fn mget(connection: &mut Connection, keys: &[Key]) -> u64 {
    let mut command = cmd("MGET");
    for key in keys {
        command.arg(key.as_str());
    }
    command.query::<Vec<Option<Vec<u8>>>>(connection).map_or(0, |found| found.len() as u64)
}

fn read(backend: &RedisBackend, keys: &[Key]) -> u64 {
    backend.read(&keys.iter().collect::<Vec<_>>()).map_or(0, |found| found.len() as u64)
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

async fn raw_gets(mut connection: MultiplexedConnection) -> u64 {
    let mut sum = 0;
    for _ in 0..EACH {
        sum += cmd("GET").arg("bench:the_answer").query_async(&mut connection).await.map_or(0, decoded);
    }
    sum
}

async fn gets(config: Arc<AsyncConfig<Shop>>) -> u64 {
    let mut sum = 0;
    for _ in 0..EACH {
        sum += config.get(Shop::THE_ANSWER).await.unwrap_or(0) as u64;
    }
    sum
}

async fn reads(backend: Arc<AsyncRedisBackend>, key: Key) -> u64 {
    let mut sum = 0;
    for _ in 0..EACH {
        sum += backend.read(&[&key]).await.map_or(0, |found| found.len() as u64);
    }
    sum
}

fn main() -> Result<(), Box<dyn Error>> {
    let (url, _server) = match env::var("CONSTANCE_REDIS_URL") {
        Ok(url) => (url, None),
        Err(_) => match Server::start() {
            Ok(server) => (server.url(), Some(server)),
            Err(error) => {
                eprintln!("skipped: no redis-server could be started ({error})");
                return Ok(());
            }
        },
    };
    let prefix = Prefix::new("bench:")?;
    let backend = RedisBackend::builder().url(&url).default_prefix(prefix.clone()).build()?;
    let config = Config::<Shop>::new(RedisBackend::builder().url(&url).default_prefix(prefix.clone()).build()?);
    config.set(Shop::THE_ANSWER, 300)?;
    let keys: Vec<Key> = (0..1000).map(|n| prefix.key(&format!("key{n}"))).collect::<Result<_, _>>()?;
    let value = Encoded::from(vec![b'x'; 20]);
    backend.write(&Batch::new(keys.iter().map(|key| Change::set(key.clone(), value.clone())).collect())?)?;
    // As our own pool is: connections are made when they are asked for, and not tested.
    let pool =
        Pool::builder().max_size(2).min_idle(Some(0)).test_on_check_out(false).build_unchecked(Client::open(&*url)?);
    let raw = |work: &dyn Fn(&mut Connection) -> u64| pool.get().map_or(0, |mut connection| work(&mut connection));
    let [few, some, many] = [13, 100, 1000].map(|count| &keys[..count]);

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let connection = runtime.block_on(Client::open(&*url)?.get_multiplexed_async_connection())?;
    let shared = || AsyncRedisBackend::builder().url(&url).default_prefix(prefix.clone()).build();
    let bare = Arc::new(shared()?);
    let tasks = Arc::new(AsyncConfig::<Shop>::new(shared()?));
    let key = prefix.key("the_answer")?;
    runtime.block_on(AsyncBackend::ping(&*bare))?;

    Table::new()
        .row("redis-rs GET, pooled connection", None, || || raw(&|c| get(c)))
        .row("Config::get of an integer", Some("redis-rs GET, pooled connection"), || {
            || config.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .row("redis-rs MGET of 13", None, || || raw(&|c| mget(c, few)))
        .row("read of 13", Some("redis-rs MGET of 13"), || || read(&backend, few))
        .row("redis-rs MGET of 100", None, || || raw(&|c| mget(c, some)))
        .row("read of 100", Some("redis-rs MGET of 100"), || || read(&backend, some))
        .row("redis-rs MGET of 1,000", None, || || raw(&|c| mget(c, many)))
        .row("read of 1,000", Some("redis-rs MGET of 1,000"), || || read(&backend, many))
        .print("Reads of Redis", Duration::from_millis(10));
    Table::new()
        .row("redis-rs, 64 tasks of 20 GETs", None, || || together(&runtime, || raw_gets(connection.clone())))
        .row("AsyncBackend::read, the same", Some("redis-rs, 64 tasks of 20 GETs"), || {
            || together(&runtime, || reads(Arc::clone(&bare), key.clone()))
        })
        .row("AsyncConfig::get, the same", Some("redis-rs, 64 tasks of 20 GETs"), || {
            || together(&runtime, || gets(Arc::clone(&tasks)))
        })
        .print("Reads of Redis by 64 tasks over one connection", Duration::from_millis(50));
    Ok(())
}
