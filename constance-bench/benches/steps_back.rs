//! Whether anybody sees a setting step back that never did: `cargo xtask bench steps-back`, or with `-- 600` for ten minutes.
//!
//! Six busy processes share one PostgreSQL, each with a `LocalCache` that follows, a `live()` and a handler. Each counts up
//! a setting of its own, and one that all count up by compare-and-set. So no setting ever gets smaller, and whoever
//! sees one get smaller, a reader of the cache, a reader of `live()` or a handler, has seen a step back: then it fails.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it found")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use constance_cache::LocalCache;
use constance_core::{Config, Registry, Setting, Settings};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// In a child: which of the processes it is.
const PROCESS: &str = "CONSTANCE_BENCH_PROCESS";
const URL: &str = "CONSTANCE_POSTGRES_URL";
const PROCESSES: usize = 6;

#[derive(Debug, Clone, Settings)]
struct Counters {
    #[setting(default = 0)]
    first: i64,
    #[setting(default = 0)]
    second: i64,
    #[setting(default = 0)]
    third: i64,
    #[setting(default = 0)]
    fourth: i64,
    #[setting(default = 0)]
    fifth: i64,
    #[setting(default = 0)]
    sixth: i64,
    /// What all of them count up.
    #[setting(default = 0)]
    shared: i64,
}

const SETTINGS: [Setting<Counters, i64>; PROCESSES + 1] = [
    Counters::FIRST,
    Counters::SECOND,
    Counters::THIRD,
    Counters::FOURTH,
    Counters::FIFTH,
    Counters::SIXTH,
    Counters::SHARED,
];

impl Counters {
    fn all(&self) -> [i64; PROCESSES + 1] {
        [self.first, self.second, self.third, self.fourth, self.fifth, self.sixth, self.shared]
    }
}

/// One way to see the settings: whoever looks sees at least what somebody had seen before they began.
struct View<'s> {
    name: &'static str,
    seen: [AtomicI64; PROCESSES + 1],
    tally: &'s Tally,
}

#[derive(Default)]
struct Tally {
    operations: AtomicU64,
    changes: AtomicU64,
    steps_back: AtomicU64,
}

impl Tally {
    fn step_back(&self, who: &str, setting: &str, from: i64, to: i64) {
        if self.steps_back.fetch_add(1, SeqCst) < 10 {
            eprintln!("{who} saw a step back of {setting}: {from} -> {to}");
        }
    }

    fn counts(&self) -> [u64; 3] {
        [&self.operations, &self.changes, &self.steps_back].map(|count| count.load(SeqCst))
    }
}

impl<'s> View<'s> {
    fn new(name: &'static str, tally: &'s Tally) -> Self {
        Self { name, seen: Default::default(), tally }
    }

    fn look<T>(&self, look: impl FnOnce() -> Fallible<T>, found: impl Fn(&T) -> Vec<(usize, i64)>) -> Fallible<()> {
        let least = self.seen.each_ref().map(|seen| seen.load(SeqCst));
        for (at, now) in found(&look()?) {
            if now < least[at] {
                self.tally.step_back(self.name, SETTINGS[at].name(), least[at], now);
            }
            self.seen[at].fetch_max(now, SeqCst);
        }
        self.tally.operations.fetch_add(1, SeqCst);
        Ok(())
    }
}

fn backend(url: &str) -> Fallible<Arc<dyn constance_core::Backend>> {
    // Where the server offers TLS, the listener needs it as well.
    let url = if url.contains('?') { url.to_owned() } else { format!("{url}?sslmode=disable") };
    Ok(Registry::new().with(constance_diesel::schemes()).open(&url)?)
}

/// A child: counts up, reads and hears until it is told to end.
fn count(process: usize, url: &str) -> Fallible<()> {
    let config = Config::<Counters>::new(LocalCache::builder(backend(url)?).ttl_forever().follow().build());
    let tally = Arc::new(Tally::default());
    let (heard, last) = (Arc::clone(&tally), SETTINGS.map(|_| AtomicI64::new(0)));
    let _subscription = config.subscribe(move |event| {
        for (setting, last) in SETTINGS.into_iter().zip(&last) {
            let Some(new) = event.new_value(setting) else { continue };
            let from = event.old(setting).copied().unwrap_or(0).max(last.swap(*new, SeqCst));
            if *new < from {
                heard.step_back("a handler", setting.name(), from, *new);
            }
            heard.changes.fetch_add(1, SeqCst);
        }
    });
    let live = config.live()?;
    let (cached, followed) = (View::new("a reader of the cache", &tally), View::new("a reader of live()", &tally));
    let stop = AtomicBool::new(false);
    let until_told = |work: &mut dyn FnMut() -> Fallible<()>| {
        while !stop.load(SeqCst) {
            if let Err(error) = work() {
                // A conflict that was lost too often, or a server that is busier than its timeouts.
                eprintln!("{error}");
            }
        }
    };
    let own = SETTINGS[process];
    let of_all = |values: &[i64; PROCESSES + 1]| values.iter().copied().enumerate().collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut n = 0;
            until_told(&mut || {
                n += 1;
                config.set(own, n)?;
                cached.seen[process].fetch_max(n, SeqCst);
                followed.seen[process].fetch_max(n, SeqCst);
                cached.look(|| Ok(config.get(own)?), |now| vec![(process, *now)])
            });
        });
        scope.spawn(|| {
            until_told(&mut || {
                let n = config.update(Counters::SHARED, |n| n + 1)?;
                cached.seen[PROCESSES].fetch_max(n, SeqCst);
                cached.look(|| Ok(config.get(Counters::SHARED)?), |now| vec![(PROCESSES, *now)])
            });
        });
        scope.spawn(|| until_told(&mut || cached.look(|| Ok(config.snapshot()?.all()), of_all)));
        scope.spawn(|| {
            until_told(&mut || {
                // It costs nothing, and would leave the others no time.
                thread::yield_now();
                followed.look(|| Ok(live.load().all()), of_all)
            });
        });
        println!("ready");
        // A parent that is no more says nothing either.
        let _told = std::io::stdin().lines().next();
        stop.store(true, SeqCst);
    });
    println!("{}", tally.counts().map(|count| count.to_string()).join(" "));
    Ok(())
}

struct Process(Child);

impl Process {
    fn start(process: usize) -> Fallible<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(PROCESS, process.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> Fallible<()> {
    let Ok(url) = std::env::var(URL) else {
        println!("PostgreSQL: left out, {URL} is not set");
        return Ok(());
    };
    if let Ok(process) = std::env::var(PROCESS) {
        return count(process.parse()?, &url);
    }
    let seconds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(10);
    let config = Config::<Counters>::new(backend(&url)?);
    config.migrate()?;
    SETTINGS.into_iter().try_for_each(|setting| config.reset(setting))?;
    println!("\n{PROCESSES} processes over PostgreSQL with a LocalCache that follows and a live(), {seconds} s");
    let mut processes = (0..PROCESSES).map(Process::start).collect::<Fallible<Vec<_>>>()?;
    let mut outputs = Vec::new();
    for Process(child) in &mut processes {
        let mut output = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        output.next().ok_or("a process has ended")??;
        outputs.push(output);
    }
    thread::sleep(Duration::from_secs(seconds));
    for Process(child) in &mut processes {
        writeln!(child.stdin.take().ok_or("no standard input")?)?;
    }
    let mut sums = [0; 3];
    for output in &mut outputs {
        let counts = output.next().ok_or("a process has ended")??;
        for (sum, count) in sums.iter_mut().zip(counts.split(' ')) {
            *sum += count.parse::<u64>()?;
        }
    }
    let [operations, changes, steps_back] = sums;
    let counted: i64 = config.snapshot()?.all().iter().sum();
    println!(
        "{counted} changes made, {operations} reads, {changes} changes told to handlers, {steps_back} steps back seen"
    );
    match steps_back {
        0 if changes > 0 => Ok(()),
        0 => Err("no handler heard of a change: nothing was tested".into()),
        _ => Err("a setting was seen to step back".into()),
    }
}
