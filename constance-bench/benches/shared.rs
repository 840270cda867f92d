//! Reads and writes through a shared cache, beside the bare drivers: `cargo xtask bench shared`.
//!
//! It starts servers of its own, or uses those of `CONSTANCE_MEMCACHED_URL` and `CONSTANCE_REDIS_URL`.
#![allow(clippy::print_stderr, reason = "a benchmark says what it leaves out")]

use std::env;
use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use constance_bench::Table;
use constance_cache::{CacheStore, MemcachedStore, RedisStore, SharedCache};
use constance_core::{
    Backend, Config, Prefix, Settings,
    backend::{Batch, Change, Encoded, Key},
};
use constance_diesel::SqliteBackend;
use constance_memory::MemoryBackend;
use constance_redis::redis::{Client, cmd};
use memcache::exp::MetaClient;
use r2d2::Pool;
use tempfile::TempDir;

type Fallible<T> = Result<T, Box<dyn Error>>;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
}

/// A server of the benchmark's own, which ends with it.
struct Server {
    process: Child,
    /// Removed after the process has ended.
    _folder: TempDir,
}

impl Server {
    /// Starts a program, and gives the port it listens to.
    fn start(program: &str, arguments: &[&str]) -> Fallible<(Self, u16)> {
        let folder = TempDir::new()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let filled = arguments.iter().map(|argument| argument.replace("{port}", &port.to_string()));
        let process = Command::new(program)
            .args(filled)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self { process, _folder: folder };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err(format!("{program} does not start").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok((server, port))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The URL of a variable, or of a server that is started.
fn service(variable: &str, scheme: &str, program: &str, arguments: &[&str]) -> Fallible<(String, Option<Server>)> {
    if let Ok(url) = env::var(variable) {
        return Ok((url, None));
    }
    let (server, port) = Server::start(program, arguments)?;
    Ok((format!("{scheme}://127.0.0.1:{port}"), Some(server)))
}

fn keys(count: usize) -> Fallible<Vec<Key>> {
    let prefix = Prefix::new("bench:")?;
    Ok((0..count).map(|n| prefix.key(&format!("key{n}"))).collect::<Result<_, _>>()?)
}

/// A cache whose entries are there for good: past the time in which a first fill is looked up once more.
fn filled<B: Backend, C: CacheStore>(inner: B, store: C, keys: &[Key]) -> Fallible<SharedCache<B, C>> {
    let namespace = format!("bench:{}:{}", std::process::id(), keys.len());
    let cache =
        SharedCache::builder(inner, store).namespace(namespace).mark_ttl(Duration::from_secs(1)).ttl(HOUR).build()?;
    cache.declare(keys);
    let asked: Vec<&Key> = keys.iter().collect();
    cache.read(&asked)?;
    std::thread::sleep(Duration::from_millis(2_500));
    cache.read(&asked)?;
    Ok(cache)
}

const HOUR: Duration = Duration::from_secs(3600);

fn read(backend: &dyn Backend, keys: &[Key]) -> u64 {
    backend.read(&keys.iter().collect::<Vec<_>>()).map_or(0, |found| found.len() as u64)
}

fn set(backend: &dyn Backend, key: &Key) -> u64 {
    let change = Change::set(key.clone(), Encoded::from(&b"\xc1\x01i\xcd\x01\x2c"[..]));
    backend.write(&Batch::one(change)).is_ok().into()
}

/// A hit beside a bare get of the same server, and gets of many.
fn hits(title: &str, store: impl CacheStore, raw: impl Fn(&[&str]) -> u64 + Sync) -> Fallible<()> {
    let inner = MemoryBackend::new();
    let keys = keys(100)?;
    let value = Encoded::from(vec![b'x'; 20]);
    inner.write(&Batch::new(keys.iter().map(|key| Change::set(key.clone(), value.clone())).collect())?)?;
    let cache = filled(inner, store, &keys)?;
    let config = Config::<Shop>::builder(&cache).prefix(Prefix::new("bench:")?).build_typed()?;
    config.set(Shop::THE_ANSWER, 300)?;
    config.get(Shop::THE_ANSWER)?;
    let names: Vec<&str> = keys.iter().map(Key::as_str).collect();
    raw(&names);
    let before = cache.counters().counts().misses;
    Table::new()
        .row("bare get", None, || || raw(&names[..1]))
        .row("SharedCache, a hit", Some("bare get"), || || read(&cache, &keys[..1]))
        .row("Config::get of an integer, a hit", Some("bare get"), || {
            || config.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .row("bare get of 13", None, || || raw(&names[..13]))
        .row("SharedCache, 13 hits", Some("bare get of 13"), || || read(&cache, &keys[..13]))
        .row("bare get of 100", None, || || raw(&names))
        .row("SharedCache, 100 hits", Some("bare get of 100"), || || read(&cache, &keys))
        .print(title, Duration::from_millis(10));
    eprintln!("{} misses while it was measured", cache.counters().counts().misses - before);
    Ok(())
}

/// A set with few and with many settings declared.
fn sets(title: &str, url: &str) -> Fallible<()> {
    let folder = TempDir::new()?;
    let open = |name: &str| -> Fallible<SqliteBackend> {
        let backend = SqliteBackend::from_url(&format!("sqlite://{}/{name}.sqlite3", folder.path().display()))?;
        backend.migrate()?;
        Ok(backend)
    };
    let (few, many) = (keys(13)?, keys(1_000)?);
    let bare = open("bare")?;
    let with_few = filled(open("few")?, MemcachedStore::from_url(url)?, &few)?;
    let with_many = filled(open("many")?, MemcachedStore::from_url(url)?, &many)?;
    Table::new()
        .row("set, SQLite alone", None, || || set(&bare, &few[0]))
        .row("set, SharedCache, 13 settings", Some("set, SQLite alone"), || || set(&with_few, &few[0]))
        .row("set, SharedCache, 1,000 settings", Some("set, SharedCache, 13 settings"), || || set(&with_many, &many[0]))
        .print(title, Duration::from_millis(20));
    Ok(())
}

fn main() -> Fallible<()> {
    let memcached = ["-u", "nobody", "-l", "127.0.0.1", "-p", "{port}"];
    match service("CONSTANCE_MEMCACHED_URL", "memcache", "memcached", &memcached) {
        Ok((url, _server)) => {
            let client = MetaClient::connect(url.trim_start_matches("memcache://").to_owned())?;
            let raw = |names: &[&str]| match names {
                [one] => client.get(one).send().map_or(0, |found| u64::from(found.hit())),
                many => client.run_many(many.iter().map(memcache::exp::Get::new)).map_or(0, |found| found.len() as u64),
            };
            for key in keys(100)? {
                client.set(key.as_str(), [b'x'; 20]).send()?;
            }
            hits("A shared cache in memcached", MemcachedStore::from_url(&url)?, raw)?;
            sets("Writes through a shared cache in memcached", &url)?;
        }
        Err(error) => eprintln!("memcached: left out ({error})"),
    }
    let redis = ["--port", "{port}", "--bind", "127.0.0.1", "--save", ""];
    match service("CONSTANCE_REDIS_URL", "redis", "redis-server", &redis) {
        Ok((url, _server)) => {
            // As our own pool is: connections are made when they are asked for, and not tested.
            let pool = Pool::builder().max_size(2).min_idle(Some(0)).test_on_check_out(false);
            let pool = pool.build_unchecked(Client::open(&*url)?);
            for key in keys(100)? {
                cmd("SET").arg(key.as_str()).arg(&[b'x'; 20]).exec(&mut pool.get()?)?;
            }
            let raw = |names: &[&str]| {
                let Ok(mut connection) = pool.get() else { return 0 };
                let command = if names.len() == 1 { "GET" } else { "MGET" };
                let found = cmd(command).arg(names).query::<constance_redis::redis::Value>(&mut connection);
                u64::from(found.is_ok())
            };
            hits("A shared cache in Redis", RedisStore::from_url(&url)?, raw)?;
        }
        Err(error) => eprintln!("Redis: left out ({error})"),
    }
    Ok(())
}
