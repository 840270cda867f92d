//! Reads of Redis, beside the bare driver on a connection of the same kind: `cargo xtask bench redis`.
//!
//! It starts a server of its own, or uses the one of `CONSTANCE_REDIS_URL`.

use std::error::Error;
use std::time::Duration;

use constance_bench::Table;
use constance_core::{
    Backend, Config, Prefix, Settings,
    backend::{Batch, Change, Encoded, Key},
};
use constance_redis::RedisBackend;
use constance_redis::redis::{Client, Connection, cmd};
use r2d2::Pool;

mod common;

use common::decoded;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
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

fn main() -> Result<(), Box<dyn Error>> {
    let Some((url, _server)) = common::server() else { return Ok(()) };
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
    // Of ten settings one is set, as where most are left at their defaults.
    let unset: Vec<Key> = (0..1000)
        .map(|n| prefix.key(&if n % 10 == 0 { format!("key{n}") } else { format!("unset{n}") }))
        .collect::<Result<_, _>>()?;
    let gaps = RedisBackend::builder().url(&url).default_prefix(prefix.clone()).build()?;

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
        .row("redis-rs MGET of 100, most unset", None, || || raw(&|c| mget(c, &unset[..100])))
        .row("read of 100, most unset", Some("redis-rs MGET of 100, most unset"), || || read(&gaps, &unset[..100]))
        .row("redis-rs MGET of 1,000, most unset", None, || || raw(&|c| mget(c, &unset)))
        .row("read of 1,000, most unset", Some("redis-rs MGET of 1,000, most unset"), || || read(&gaps, &unset))
        .print("Reads of Redis", Duration::from_millis(10));
    Ok(())
}
