//! How soon `live()` has caught up when its store is back: `cargo xtask bench catch-up`, or with `-- 20 Redis` for twenty outages
//! of each length of the stores with that name.
//!
//! The store is out of reach for 0.1 to 10 s while the process reads, or writes, every few milliseconds. Meanwhile another
//! process changes a setting past the outage. What is measured is the time from the return of the store until `live()` gives
//! that change out. Besides, the status is held against the values: it must not say that they are younger than the change
//! which they lack.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use constance_core::{Config, Live, Registry, Settings};

#[path = "../common/mod.rs"]
mod common;
mod outage;

use self::outage::{Outage, Place};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, Clone, Settings)]
struct Shop {
    /// What changes during an outage.
    #[setting(default = 0)]
    changes: i64,
    /// What the process itself reads and writes.
    #[setting(default = 0)]
    visitors: i64,
}

const LENGTHS: [u64; 6] = [100, 300, 500, 1_000, 3_000, 10_000];

/// What the process does meanwhile.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Doing {
    Reading,
    Writing,
}

fn config(url: &str) -> Fallible<Config<Shop>> {
    let registry = Registry::new().with(constance_diesel::schemes()).with(constance_redis::schemes());
    Ok(Config::<Shop>::builder(registry.open(url)?).build_typed()?)
}

/// Reads or writes every few milliseconds, whatever becomes of it.
fn keep_busy(config: &Config<Shop>, doing: Doing, done: &AtomicBool) {
    let mut n = 0;
    while !done.load(Ordering::Relaxed) {
        n += 1;
        match doing {
            Doing::Reading => drop(config.get(Shop::VISITORS)),
            Doing::Writing => drop(config.set(Shop::VISITORS, n)),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// How long `live()` takes, and how often its status was too young.
struct Caught {
    took: Duration,
    too_young: usize,
}

/// One outage. `n` is what the other process stores during it.
fn once(live: &Live<Shop>, outage: &mut dyn Outage, length: Duration, n: i64) -> Fallible<Caught> {
    let (began, mut too_young) = (Instant::now(), 0);
    outage.begin()?;
    thread::sleep(length / 2);
    config(&outage.around())?.set(Shop::CHANGES, n)?;
    let changed = Instant::now();
    let mut look = || {
        let since = changed.elapsed();
        let status = live.status();
        let is_old = live.load().changes != n;
        too_young += usize::from(is_old && status.age.is_some_and(|age| age < since));
        is_old
    };
    while began.elapsed() < length {
        look();
        thread::sleep(Duration::from_millis(1));
    }
    outage.end()?;
    let back = Instant::now();
    while look() {
        if back.elapsed() > Duration::from_secs(60) {
            return Err("it does not catch up within a minute".into());
        }
        thread::sleep(Duration::from_micros(500));
    }
    Ok(Caught { took: back.elapsed(), too_young })
}

fn measure(place: &mut Place, rounds: usize) -> Fallible<()> {
    config(&place.outage.around())?.migrate()?;
    let mut n = config(&place.outage.around())?.get(Shop::CHANGES)?;
    for doing in [Doing::Reading, Doing::Writing] {
        let config = config(&place.url)?;
        let live = config.live()?;
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| keep_busy(&config, doing, &done));
            }
            let measured: Fallible<()> = LENGTHS.iter().try_for_each(|&length| {
                let (mut took, mut too_young) = (Vec::new(), 0);
                for _ in 0..rounds {
                    n += 1;
                    // The feed is open again, and pools are at rest.
                    thread::sleep(Duration::from_secs(1));
                    let caught = once(&live, &mut *place.outage, Duration::from_millis(length), n)?;
                    took.push(caught.took);
                    too_young += caught.too_young;
                }
                took.sort_unstable();
                let (middle, worst) = (took[took.len() / 2], took[took.len() - 1]);
                println!(
                    "{:<24} {doing:<8?} {:>5.1} s   middle {:>7.1} ms   worst {:>7.1} ms   too young {too_young}",
                    place.name,
                    length as f64 / 1e3,
                    middle.as_secs_f64() * 1e3,
                    worst.as_secs_f64() * 1e3,
                );
                Ok(())
            });
            done.store(true, Ordering::Relaxed);
            measured
        })?;
    }
    Ok(())
}

fn main() -> Fallible<()> {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(5);
    let names: Vec<String> = std::env::args().skip(1).filter(|word| word.starts_with(char::is_uppercase)).collect();
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    println!("\nFrom the return of a store to live(), {rounds} outages of each length");
    let folder = tempfile::tempdir()?;
    if is_wanted("SQLite") {
        measure(&mut Place::sqlite(folder.path())?, rounds)?;
    }
    let redis = common::server();
    let servers = [
        ("Redis", redis.as_ref().map(|(url, _)| url.clone())),
        ("PostgreSQL", std::env::var("CONSTANCE_POSTGRES_URL").ok()),
        ("MariaDB", std::env::var("CONSTANCE_MARIADB_URL").ok()),
    ];
    for (name, url) in servers.into_iter().filter(|(name, _)| is_wanted(name)) {
        let Some(url) = url else {
            println!("{name}: left out, no server is named");
            continue;
        };
        // Where the server offers TLS, the listener needs it as well.
        let url = if name == "PostgreSQL" && !url.contains('?') { format!("{url}?sslmode=disable") } else { url };
        measure(&mut Place::refused(name, &url)?, rounds)?;
        measure(&mut Place::silent(name, &url)?, rounds)?;
    }
    Ok(())
}
