//! Running blocking work with a timeout.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use constance_core::{Error, ErrorKind, Result, backend::Cause};
use parking_lot::Mutex;

use crate::ProcessId;

/// A thread that runs one job after the other, for drivers without a timeout of their own.
///
/// The thread ends when this is dropped, or when a job that was given up after its timeout ends. A process has at most 64
/// threads with given-up jobs: while it has that many, no other is started.
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

/// The largest number of threads with a given-up job, in the whole process.
const MAX_ABANDONED: usize = 64;

/// How many such threads there are, and in which process.
static ABANDONED: Mutex<Option<(ProcessId, usize)>> = Mutex::new(None);

/// The state of a job.
#[derive(Clone)]
struct Progress(Arc<AtomicU8>);

const RUNNING: u8 = 0;
const DONE: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Worker {
    /// Starts a thread that waits for jobs.
    ///
    /// # Errors
    ///
    /// `Timeout` where 64 threads wait for servers that do not answer, `Unavailable` where the system starts no more threads.
    pub fn start() -> Result<Self> {
        if abandoned(|count| *count >= MAX_ABANDONED) {
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

    /// Runs `work` in the thread, and returns the worker with the result. Where that takes longer than `timeout`, the worker is
    /// given up together with everything that `work` owns, which the thread drops when the work ends.
    ///
    /// # Errors
    ///
    /// `Timeout` where it takes longer, `Unavailable` where `work` panicked.
    pub fn run<T: Send + 'static>(
        self,
        timeout: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(Self, T)> {
        let (done, result) = sync_channel(1);
        let progress = Progress(Arc::new(AtomicU8::new(RUNNING)));
        let working = progress.clone();
        let job = move || {
            let _ended = Ended(working);
            // The caller may have given up.
            let _ = done.send(work());
        };
        // This cannot fail: the thread ends only after the sender is dropped or after a panic, and then there is no worker to call.
        let _ = self.0.send(Box::new(job));
        let result = match result.recv_timeout(timeout) {
            Err(RecvTimeoutError::Timeout) if progress.give_up() => {
                return Err(failed(ErrorKind::Timeout, "the server gave no answer in time", "the time is over"));
            }
            // The job ended just now.
            Err(RecvTimeoutError::Timeout) => result.recv().ok(),
            received => received.ok(),
        };
        match result {
            Some(result) => Ok((self, result)),
            None => Err(failed(ErrorKind::Unavailable, "the driver panicked", "a thread ended with a panic")),
        }
    }
}

/// Runs `work` in a thread of its own, and waits no longer than `timeout` for the result.
///
/// # Errors
///
/// As [`Worker::start`] and [`Worker::run`]; otherwise the error of `work`.
pub fn run_with_timeout<T: Send + 'static>(
    timeout: Duration,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    Worker::start()?.run(timeout, work)?.1
}

fn failed(kind: ErrorKind, detail: &'static str, text: &'static str) -> Error {
    Error::new(kind).with_detail(detail).with_cause(Cause::new("thread").with_text(text))
}

/// Gives access to the count of this process.
fn abandoned<T>(look: impl FnOnce(&mut usize) -> T) -> T {
    let mut abandoned = ABANDONED.lock();
    let process = ProcessId::current();
    let (_, count) = match &mut *abandoned {
        Some(known) if known.0 == process => known,
        // A forked child has none of the threads of its parent.
        other => other.insert((process, 0)),
    };
    look(count)
}

impl Progress {
    /// Gives the job up. Returns whether it was still running.
    fn give_up(&self) -> bool {
        // Counted first, since the thread may subtract it at once.
        abandoned(|count| *count += 1);
        let given_up = self.0.compare_exchange(RUNNING, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if !given_up {
            abandoned(|count| *count = count.saturating_sub(1));
        }
        given_up
    }
}

/// Records the end of a job when dropped, also after a panic.
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
    fn work_that_hangs_is_given_up_and_ends_by_itself() {
        let (release, held) = channel::<()>();
        let (told, ended) = channel();
        let error = run_with_timeout(Duration::from_millis(1), move || {
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
        let error = run_with_timeout(LONG, panics).expect_err("a panic");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}
