//! Times operations beside their floor, fairly: every round runs every row once, in an order that rotates, with one and
//! with two threads, and the median round counts. Absolute times move with the machine; the ratios of one run hold.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

/// The code in the README of the workspace, which belongs to no crate; this one knows all that it uses.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The code in the guide, for the same reason.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide.md")]
pub struct Guide;

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// How often each row is timed.
const ROUNDS: usize = 31;

/// Rows to compare. Each is measured against the floor it names.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "a row holds a function")]
pub struct Table<'t> {
    rows: Vec<Row<'t>>,
    pinned: bool,
}

struct Row<'t> {
    name: &'static str,
    floor: Option<&'static str>,
    /// Runs the operation so many times in this thread.
    run: Box<dyn Fn(u64) + Sync + 't>,
    /// Nanoseconds an operation, one entry a round, with one and with two threads.
    times: [Vec<f64>; 2],
}

impl<'t> Table<'t> {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an operation to be timed. A row that `floor` names is what it is measured against.
    ///
    /// `prepare` runs once a round in every thread: it makes what the thread needs for itself, and gives the operation.
    #[must_use]
    pub fn row<F, O>(mut self, name: &'static str, floor: Option<&'static str>, prepare: F) -> Self
    where
        F: Fn() -> O + Sync + 't,
        O: FnMut() -> u64,
    {
        let run = Box::new(move |times| {
            let mut operation = prepare();
            let mut sum = 0_u64;
            for _ in 0..times {
                sum = sum.wrapping_add(operation());
            }
            black_box(sum);
        });
        self.rows.push(Row { name, floor, run, times: [Vec::new(), Vec::new()] });
        self
    }

    /// Keeps each thread on a core of its own, where the system can. For what takes nanoseconds and waits for nobody: a round
    /// is so short that the system may leave both of its threads on one core to the end.
    #[must_use]
    pub fn pinned(mut self) -> Self {
        self.pinned = true;
        self
    }

    /// Times every row and prints the table. One round of a row takes about `round`.
    pub fn print(mut self, title: &str, round: Duration) {
        let counts: Vec<u64> = self.rows.iter().map(|row| row.calibrate(round)).collect();
        for number in 0..ROUNDS {
            for at in 0..self.rows.len() {
                let at = (at + number) % self.rows.len();
                for threads in [1, 2] {
                    let time = self.rows[at].time(counts[at], threads, self.pinned);
                    self.rows[at].times[threads - 1].push(time);
                }
            }
        }
        println!("\n{title}");
        println!("{:<44} {:>10} {:>10} {:>9} {:>9}", "", "1 thread", "2 threads", "of floor", "2 over 1");
        for row in &self.rows {
            let [one, two] = [0, 1].map(|threads| median(&row.times[threads]));
            let floor = self.rows.iter().find(|other| Some(other.name) == row.floor);
            // Of the same round, so that a slow moment of the machine slows both.
            let ratio = floor.map_or(String::from("floor"), |floor| {
                let ratios: Vec<f64> =
                    row.times[0].iter().zip(&floor.times[0]).map(|(row, floor)| row / floor).collect();
                format!("{:.2}x", median(&ratios))
            });
            // Two threads do twice the work in the time that each of them takes for its own.
            let scaling: Vec<f64> = row.times[0].iter().zip(&row.times[1]).map(|(one, two)| 2.0 * one / two).collect();
            println!("{:<44} {one:>7.1} ns {two:>7.1} ns {ratio:>9} {:>8.2}x", row.name, median(&scaling));
        }
    }
}

impl Row<'_> {
    fn calibrate(&self, round: Duration) -> u64 {
        let mut count = 16;
        loop {
            let began = Instant::now();
            (self.run)(count);
            let took = began.elapsed();
            if took > round / 8 {
                let fitting = count as f64 * round.as_secs_f64() / took.as_secs_f64();
                return (fitting as u64).max(1);
            }
            count *= 2;
        }
    }

    /// Nanoseconds an operation takes in each of so many threads.
    fn time(&self, count: u64, threads: usize, pinned: bool) -> f64 {
        let barrier = Barrier::new(threads);
        let slowest = std::thread::scope(|scope| {
            let timed: Vec<_> = (0..threads)
                .map(|number| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        if pinned {
                            pin(number);
                        }
                        barrier.wait();
                        let began = Instant::now();
                        (self.run)(count);
                        began.elapsed()
                    })
                })
                .collect();
            timed.into_iter().filter_map(|thread| thread.join().ok()).max().unwrap_or_default()
        });
        slowest.as_secs_f64() * 1e9 / count as f64
    }
}

/// Keeps this thread on one of the cores that it may use.
#[cfg(target_os = "linux")]
fn pin(number: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let Ok(allowed) = sched_getaffinity(None) else { return };
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
    let Some(core) = cores.get(number % cores.len().max(1)) else { return };
    let mut own = CpuSet::new();
    own.set(*core);
    // Where it is forbidden the figures are those of threads that move.
    let _ = sched_setaffinity(None, &own);
}

#[cfg(not(target_os = "linux"))]
fn pin(_: usize) {}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
