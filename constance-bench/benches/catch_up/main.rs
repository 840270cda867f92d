//! How soon `live()` has caught up when its store is back: `cargo xtask bench catch-up` for ten outages of each store, of 0.1 to
//! 1 s, while the process reads, and ten while it writes; `-- 100 --long` for a hundred each, of 0.1 to 10 s, which takes about
//! three quarters of an hour; `-- Redis` for the stores with that name alone.
//!
//! The store is out of reach while the process reads, or writes, every few milliseconds. A server refuses connections in one half
//! of the outages, and falls silent in the other. Meanwhile another process changes a setting past the outage. What is measured
//! is the time from the return of the store until `live()` gives that change out. Besides, the status is held against the
//! values: it must not say that they are younger than the change which they lack.

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

/// What `live()` is to have caught up within.
const BOUND: Duration = Duration::from_millis(200);

/// So many outages, from the shortest to the longest; each is longer than the one before by the same factor.
fn lengths(outages: usize, longest: f64) -> impl Iterator<Item = Duration> {
    let shortest: f64 = 0.1;
    let last = outages.saturating_sub(1).max(1) as f64;
    (0..outages).map(move |n| Duration::from_secs_f64(shortest * (longest / shortest).powf(n as f64 / last)))
}

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

fn measure(place: &mut Place, outages: usize, longest: f64) -> Fallible<()> {
    config(&place.outage.around())?.migrate()?;
    let mut n = config(&place.outage.around())?.get(Shop::CHANGES)?;
    for doing in [Doing::Reading, Doing::Writing] {
        let config = config(&place.url)?;
        let live = config.live()?;
        let done = AtomicBool::new(false);
        let all: Vec<Caught> = thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| keep_busy(&config, doing, &done));
            }
            let all = lengths(outages, longest).map(|length| {
                n += 1;
                // The feed is open again, and pools are at rest.
                thread::sleep(Duration::from_secs(1));
                once(&live, &mut *place.outage, length, n)
            });
            let all = all.collect::<Fallible<Vec<_>>>();
            done.store(true, Ordering::Relaxed);
            all
        })?;
        println!("{}", row(&place.name, doing, &all));
    }
    Ok(())
}

fn row(name: &str, doing: Doing, all: &[Caught]) -> String {
    let mut took: Vec<Duration> = all.iter().map(|caught| caught.took).collect();
    took.sort_unstable();
    let shown = |at: usize| took.get(at).map_or_else(String::new, |took| format!("{:.1} ms", took.as_secs_f64() * 1e3));
    let over = took.iter().filter(|took| **took > BOUND).count();
    let too_young: usize = all.iter().map(|caught| caught.too_young).sum();
    let doing = format!("{doing:?}").to_lowercase();
    let (min, median, max) = (shown(0), shown(took.len() / 2), shown(took.len().saturating_sub(1)));
    format!("{name:<20} {doing:<8} {:>7} {min:>10} {median:>10} {max:>10} {over:>12} {too_young:>10}", took.len())
}

fn main() -> Fallible<()> {
    let outages: usize = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(10);
    let longest = if std::env::args().any(|argument| argument == "--long") { 10.0 } else { 1.0 };
    let names: Vec<String> = std::env::args().skip(1).filter(|word| word.starts_with(char::is_uppercase)).collect();
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    println!("\nFrom the return of a store to live(), after outages of 0.1 to {longest} s");
    println!(
        "{:<20} {:<8} {:>7} {:>10} {:>10} {:>10} {:>12} {:>10}",
        "", "", "outages", "min", "median", "max", "over 200 ms", "too young"
    );
    let folder = tempfile::tempdir()?;
    if is_wanted("SQLite") {
        measure(&mut Place::sqlite(folder.path())?, outages, longest)?;
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
        measure(&mut Place::refused(name, &url)?, outages.div_ceil(2), longest)?;
        measure(&mut Place::silent(name, &url)?, outages / 2, longest)?;
    }
    Ok(())
}
