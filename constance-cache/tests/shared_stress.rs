//! Eight processes over one database and one cache that is restarted and stopped at random, while processes are killed.
//!
//! The test program runs itself again: in a child the environment names the database, the cache and the child's number.
//! Values only grow, since every write is a compare-and-set to the next number; so an older value is a smaller one. Each
//! child holds every read against what it has itself written before.
#![cfg(all(unix, feature = "memcached", feature = "redis"))]
#![allow(clippy::expect_used, clippy::print_stdout)]

mod common;

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::server::{Program, Server};
use common::{key, until};
use constance_cache::{CacheStore, MemcachedStore, RedisStore, SharedCache};
use constance_core::{
    Backend, Registry,
    backend::{Applied, Batch, Change, Encoded, Expect, Key, Stored},
};
use tempfile::TempDir;

const DATABASE: &str = "CONSTANCE_TEST_DATABASE";
const CACHE: &str = "CONSTANCE_TEST_CACHE";
const PROCESSES: usize = 8;
const SETTINGS: usize = 24;
/// Longer than any commit takes on a machine that is busy with eight processes and more: the database gives up before.
const HOLD: Duration = Duration::from_secs(10);

/// Words of a child among those of the test harness.
const SAYS: &str = "@ ";

fn registry() -> Registry {
    Registry::new().with(constance_diesel::schemes())
}

fn database(url: &str) -> Arc<dyn Backend> {
    registry().open(url).expect("a database")
}

fn store(url: &str) -> Arc<dyn CacheStore> {
    if url.starts_with("redis") {
        return Arc::new(RedisStore::from_url(url).expect("a valid URL"));
    }
    Arc::new(MemcachedStore::from_url(url).expect("a valid URL"))
}

/// The first two are only written together, to the same number.
fn keys() -> Vec<Key> {
    (0..SETTINGS).map(|at| key(&format!("setting-{at}"))).collect()
}

fn number(stored: &Stored) -> u64 {
    match stored {
        Stored::Absent => 0,
        Stored::Value(bytes) => std::str::from_utf8(bytes.as_bytes()).expect("digits").parse().expect("a number"),
        Stored::Foreign(what) => panic!("{what}"),
    }
}

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(Instant::now()) % below
}

type Cache = SharedCache<Arc<dyn Backend>, Arc<dyn CacheStore>>;

/// One process.
struct Process {
    cache: Cache,
    keys: Vec<Key>,
    /// What it has written.
    own: Vec<AtomicU64>,
    reads: AtomicU64,
    writes: AtomicU64,
    refused: AtomicU64,
    torn: AtomicU64,
    stop: AtomicBool,
}

impl Process {
    fn new(database_url: &str, cache_url: &str) -> Self {
        let cache = SharedCache::builder(database(database_url), store(cache_url))
            .mark_ttl(HOLD)
            .ttl(Duration::from_secs(600))
            .retry_after(Duration::from_millis(50))
            .build()
            .expect("valid options");
        let keys = keys();
        cache.declare(&keys);
        let own = keys.iter().map(|_| AtomicU64::new(0)).collect();
        let [reads, writes, refused, torn] = [0; 4].map(AtomicU64::new);
        Self { cache, keys, own, reads, writes, refused, torn, stop: AtomicBool::new(false) }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn read(&self, at: &[usize]) {
        let before: Vec<u64> = at.iter().map(|at| self.own[*at].load(Ordering::SeqCst)).collect();
        let asked: Vec<&Key> = at.iter().map(|at| &self.keys[*at]).collect();
        // The database may be busy; that is no reading.
        let Ok(found) = self.cache.read(&asked) else { return };
        for ((at, own), stored) in at.iter().zip(before).zip(&found) {
            let found = number(stored);
            assert!(found >= own, "setting {at}: {own} was written here, and {found} is read");
        }
        if at.starts_with(&[0, 1]) && found[0] != found[1] {
            self.torn.fetch_add(1, Ordering::Relaxed);
        }
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    fn write(&self, at: &[usize]) {
        let asked: Vec<&Key> = at.iter().map(|at| &self.keys[*at]).collect();
        let Ok(found) = self.cache.read(&asked) else { return };
        let next = found.iter().map(number).max().unwrap_or(0) + 1;
        let change = |(key, stored): (&&Key, &Stored)| {
            let expect = match stored {
                Stored::Value(bytes) => Expect::Equals(bytes.clone()),
                _ => Expect::Absent,
            };
            Change::set((*key).clone(), Encoded::from(next.to_string().into_bytes())).expecting(expect)
        };
        let batch = Batch::new(asked.iter().zip(&found).map(change).collect()).expect("no key twice");
        match self.cache.write(&batch) {
            Ok(Applied::Done(_)) => {
                for at in at {
                    self.own[*at].fetch_max(next, Ordering::SeqCst);
                }
                self.writes.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Applied::Conflict { .. }) => {}
            Err(_) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn run(&self) {
        let all: Vec<usize> = (0..SETTINGS).collect();
        thread::scope(|scope| {
            scope.spawn(|| {
                while !self.stopped() {
                    match random(8) {
                        0 => self.write(&[0, 1]),
                        _ => self.write(&[2 + random(SETTINGS as u64 - 2) as usize]),
                    }
                    // Without a pause every setting would be marked at all times, and nothing cached.
                    thread::sleep(Duration::from_millis(20 + random(60)));
                }
            });
            scope.spawn(|| {
                while !self.stopped() {
                    match random(10) {
                        0 => self.read(&all),
                        1 | 2 => self.read(&[0, 1]),
                        _ => self.read(&[random(SETTINGS as u64) as usize]),
                    }
                }
            });
            // A parent that is no more says nothing either.
            let word = std::io::stdin().lines().next();
            assert!(word.is_none_or(|word| word.is_ok_and(|word| word == "stop")));
            self.stop.store(true, Ordering::Relaxed);
        });
        let counts = [&self.reads, &self.writes, &self.refused, &self.torn].map(|count| count.load(Ordering::Relaxed));
        let cached = self.cache.counters().counts();
        let words = counts.iter().chain([&cached.hits, &cached.lease_lost, &cached.cache_errors]).map(u64::to_string);
        say(&words.collect::<Vec<_>>().join(" "));
        for line in std::io::stdin().lines() {
            assert_eq!(line.expect("the parent"), "check");
            // One by one and together.
            let one = |key: &Key| self.cache.read(&[key]).expect("a read").remove(0);
            let singly: Vec<Stored> = self.keys.iter().map(one).collect();
            let together = self.cache.read(&self.keys.iter().collect::<Vec<_>>()).expect("a read");
            assert_eq!(singly, together);
            say(&singly.iter().map(|stored| number(stored).to_string()).collect::<Vec<_>>().join(" "));
        }
    }
}

fn say(words: &str) {
    println!("\n{SAYS}{words}");
}

/// A child as the parent sees it.
struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(test: &str, database: &str, cache: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", test, "--nocapture"])
            .env(DATABASE, database)
            .env(CACHE, cache)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, input, output }
    }

    fn ask(&mut self, word: &str) {
        writeln!(self.input, "{word}").expect("a child that listens");
    }

    fn hear(&mut self) -> Vec<u64> {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.output.read_line(&mut line).expect("text") > 0, "a process failed; its output is above");
            if let Some(words) = line.trim_end().strip_prefix(SAYS) {
                return words.split(' ').map(|word| word.parse().expect("a number")).collect();
            }
        }
    }

    fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a process").is_none()
    }

    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }
}

/// What is done to the cache and the processes meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chaos {
    /// Servers stand still for a while.
    Pauses,
    /// And are killed, and come back empty; and so are processes.
    Restarts,
}

#[derive(Default)]
struct Done {
    pauses: usize,
    restarts: usize,
    deaths: usize,
}

fn nap(below: u64) {
    thread::sleep(Duration::from_millis(50 + random(below)));
}

fn torment(
    servers: &mut [Server],
    children: &mut [Running],
    chaos: Chaos,
    done: &mut Done,
    again: impl Fn() -> Running,
) {
    nap(700);
    let at = random(servers.len() as u64) as usize;
    match (chaos, random(5)) {
        (Chaos::Restarts, 0 | 1) => {
            servers[at].kill();
            nap(200);
            servers[at].restart();
            done.restarts += 1;
        }
        (Chaos::Restarts, 2) => {
            let child = &mut children[random(PROCESSES as u64) as usize];
            assert!(child.is_alive(), "a process failed; its output is above");
            std::mem::replace(child, again()).kill();
            done.deaths += 1;
        }
        _ => {
            servers[at].pause();
            nap(500);
            servers[at].resume();
            done.pauses += 1;
        }
    }
}

/// How long it goes on: for this many seconds by `CONSTANCE_STRESS_SECONDS`, else as long as a suite has time for.
fn time() -> Duration {
    let asked = std::env::var("CONSTANCE_STRESS_SECONDS").ok();
    let required = std::env::var_os("CONSTANCE_REQUIRE_SERVICES").is_some_and(|v| v == "1");
    let seconds = asked.map(|asked| asked.parse().expect("a number of seconds"));
    Duration::from_secs(seconds.unwrap_or(if required { 15 } else { 3 }))
}

fn run(test: &str, programs: &[Program], chaos: Chaos) {
    if let (Ok(database), Ok(cache)) = (std::env::var(DATABASE), std::env::var(CACHE)) {
        return Process::new(&database, &cache).run();
    }
    let servers: Option<Vec<Server>> = programs.iter().map(|program| program.start()).collect();
    let Some(mut servers) = servers else { return };
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let database_url = std::env::var("CONSTANCE_STRESS_DATABASE_URL")
        .unwrap_or_else(|_| format!("sqlite://{}/settings.sqlite3", folder.path().display()));
    let hosts: Vec<String> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
    let cache_url = match programs {
        [Program::Redis] => servers[0].url(),
        _ => format!("memcache://{}", hosts.join(",")),
    };
    let backend = database(&database_url);
    backend.migrate().expect("tables");
    let removals = Batch::new(keys().into_iter().map(Change::remove).collect()).expect("no key twice");
    backend.write(&removals).expect("a fresh start");

    let time = time();
    let start = || Running::start(test, &database_url, &cache_url);
    let mut children: Vec<Running> = (0..PROCESSES).map(|_| start()).collect();
    let (began, mut done) = (Instant::now(), Done::default());
    while began.elapsed() < time {
        torment(&mut servers, &mut children, chaos, &mut done, start);
    }
    children.iter_mut().for_each(|child| child.ask("stop"));
    let mut sums = [0; 7];
    for child in &mut children {
        sums.iter_mut().zip(child.hear()).for_each(|(sum, count)| *sum += count);
    }
    let [reads, writes, refused, torn, hits, lost, errors] = sums;
    let Done { pauses, restarts, deaths } = done;
    println!(
        "{test}: {reads} reads ({hits} settings from the cache), {writes} writes, {refused} refused, {torn} torn, \
         {lost} leases lost, {errors} cache errors, {pauses} pauses, {restarts} restarts, {deaths} killed processes \
         in {} s",
        began.elapsed().as_secs()
    );
    assert!(reads > 0 && writes > 0 && hits > 0, "nothing was tested");
    if chaos == Chaos::Pauses {
        assert_eq!(torn, 0, "what is written together is read together, as long as no mark is lost");
    }

    // A process that was killed may have left an old value for as long as a mark lives.
    let rest = if chaos == Chaos::Restarts { HOLD + HOLD + Duration::from_secs(3) } else { Duration::ZERO };
    let settled = Instant::now() + rest;
    until("the time of all marks", || {
        thread::sleep(Duration::from_millis(50));
        (Instant::now() >= settled).then_some(())
    });
    let wanted: Vec<u64> =
        backend.read(&keys().iter().collect::<Vec<_>>()).expect("a read").iter().map(number).collect();
    for _ in 0..2 {
        children.iter_mut().for_each(|child| child.ask("check"));
        for child in &mut children {
            assert_eq!(child.hear(), wanted, "every process reads what the database holds");
        }
    }
    for mut child in children {
        drop(child.input);
        assert!(child.child.wait().expect("a process").success(), "a process failed; its output is above");
    }
}

#[test]
fn memcached_restarted_and_stopped() {
    run("memcached_restarted_and_stopped", &[Program::Memcached], Chaos::Restarts);
}

#[test]
fn redis_restarted_and_stopped() {
    run("redis_restarted_and_stopped", &[Program::Redis], Chaos::Restarts);
}

#[test]
fn two_memcached_servers_stopped() {
    let two = [Program::Memcached, Program::Memcached];
    run("two_memcached_servers_stopped", &two, Chaos::Pauses);
}
