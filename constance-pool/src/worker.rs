//! Threads that a call waits for no longer than it wants to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use constance_core::{Error, ErrorKind, Result, backend::Cause};
use parking_lot::Mutex;

use crate::Process;

/// A thread that does one piece of work after the other, for drivers that wait without a limit.
///
/// The thread ends when this is dropped, or when work that nobody waits for any more has come to its end. A process has
/// at most 64 of the latter: beyond that none is started.
///
/// ```
/// use std::time::Duration;
///
/// use constance_core::ErrorKind;
/// use constance_pool::Worker;
///
/// let worker = Worker::start()?;
/// let (worker, sum) = worker.run(Duration::from_secs(60), || 1 + 1)?;
/// assert_eq!(sum, 2);
/// let error = worker.run(Duration::from_millis(1), std::thread::park).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Timeout);
/// # Ok::<(), constance_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Worker(SyncSender<Job>);

type Job = Box<dyn FnOnce() + Send>;

/// How many threads there may be that nobody waits for, in all pools of the process.
const MOST_ABANDONED: usize = 64;

/// How many there are, and in which process.
static ABANDONED: Mutex<Option<(Process, usize)>> = Mutex::new(None);

/// How far a piece of work is.
#[derive(Clone)]
struct Progress(Arc<AtomicU8>);

const RUNNING: u8 = 0;
const DONE: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Worker {
    /// Starts a thread that waits for work.
    ///
    /// # Errors
    ///
    /// `Timeout` where 64 threads wait for servers that say nothing, `Unavailable` where the system gives no more threads.
    pub fn start() -> Result<Self> {
        if abandoned(|count| *count >= MOST_ABANDONED) {
            return Err(failed(
                ErrorKind::Timeout,
                "the server gave no answer in time",
                "64 threads wait for it already",
            ));
        }
        let (sender, jobs) = sync_channel::<Job>(1);
        let work = move || jobs.into_iter().for_each(|job| job());
        let thread = thread::Builder::new().name("constance-worker".to_owned()).spawn(work);
        match thread {
            Ok(_) => Ok(Self(sender)),
            Err(_) => Err(failed(ErrorKind::Unavailable, "the system gives no more threads", "no thread was started")),
        }
    }

    /// Does `work` in the thread, and gives the worker back with what came of it. Where that takes longer than `within`, the
    /// worker is given up together with everything that the work has; it is all dropped in the thread when the work ends.
    ///
    /// # Errors
    ///
    /// `Timeout` where it takes longer, `Unavailable` where `work` panicked.
    pub fn run<T: Send + 'static>(
        self,
        within: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(Self, T)> {
        let (done, result) = sync_channel(1);
        let progress = Progress(Arc::new(AtomicU8::new(RUNNING)));
        let working = progress.clone();
        let job = move || {
            let _ended = Ended(working);
            // Nobody may be waiting any more.
            let _ = done.send(work());
        };
        // The thread is there: it ends after the sender, or with a panic, which gave nothing back.
        let _ = self.0.send(Box::new(job));
        let result = match result.recv_timeout(within) {
            Err(RecvTimeoutError::Timeout) if progress.give_up() => {
                return Err(failed(ErrorKind::Timeout, "the server gave no answer in time", "the time is over"));
            }
            // It ended at the last moment.
            Err(RecvTimeoutError::Timeout) => result.recv().ok(),
            received => received.ok(),
        };
        match result {
            Some(result) => Ok((self, result)),
            None => Err(failed(ErrorKind::Unavailable, "the driver panicked", "a thread ended with a panic")),
        }
    }
}

/// Does `work` in a thread of its own, which ends with it, and waits no longer than `within`.
///
/// # Errors
///
/// As [`Worker::start`] and [`Worker::run`]; else what comes of `work`.
pub fn within<T: Send + 'static>(within: Duration, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    Worker::start()?.run(within, work)?.1
}

fn failed(kind: ErrorKind, detail: &'static str, text: &'static str) -> Error {
    Error::new(kind).with_detail(detail).with_cause(Cause::new("thread").with_text(text))
}

/// Looks at the number of this process.
fn abandoned<T>(look: impl FnOnce(&mut usize) -> T) -> T {
    let mut abandoned = ABANDONED.lock();
    let process = Process::current();
    let (_, count) = match &mut *abandoned {
        Some(known) if known.0 == process => known,
        // The threads of a parent are not here.
        other => other.insert((process, 0)),
    };
    look(count)
}

impl Progress {
    /// Whether the work goes on without anybody who waits.
    fn give_up(&self) -> bool {
        // Before the thread may take it off again.
        abandoned(|count| *count += 1);
        let given_up = self.0.compare_exchange(RUNNING, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if !given_up {
            abandoned(|count| *count = count.saturating_sub(1));
        }
        given_up
    }
}

/// Notes the end of a piece of work, also by a panic.
struct Ended(Progress);

impl Drop for Ended {
    fn drop(&mut self) {
        if self.0.0.swap(DONE, Ordering::AcqRel) == GIVEN_UP {
            abandoned(|count| *count = count.saturating_sub(1));
        }
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_worker_is_used_again() {
        let mut worker = Worker::start().expect("a thread");
        let mut threads = Vec::new();
        for _ in 0..3 {
            let (again, thread) = worker.run(LONG, || thread::current().id()).expect("in time");
            worker = again;
            threads.push(thread);
        }
        threads.dedup();
        assert_eq!(threads.len(), 1);
    }

    #[test]
    fn work_that_hangs_is_left_behind_and_ends_by_itself() {
        let (release, held) = channel::<()>();
        let (told, ended) = channel();
        let error = within(Duration::from_millis(1), move || {
            let _ = held.recv();
            told.send(()).map_err(|_| Error::new(ErrorKind::Contract))
        })
        .expect_err("nothing was said");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true));
        drop(release);
        ended.recv().expect("the end of the work");
    }

    #[test]
    fn a_panic_in_the_work_is_an_error() {
        let panics = || -> Result<()> { std::panic::resume_unwind(Box::new("a driver")) };
        let error = within(LONG, panics).expect_err("a panic");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}
