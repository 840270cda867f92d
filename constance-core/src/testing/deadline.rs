//! Work that must come to an end.

use std::any::Any;
use std::sync::LazyLock;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How many seconds a case may take, in the environment.
pub(super) const VARIABLE: &str = "CONSTANCE_SUITE_SECONDS";
const DEFAULT: Duration = Duration::from_secs(30);

/// How long a case may take: 30 seconds, or what the environment says, as for a slow store on a busy machine. Only a case that
/// hangs ever waits for it.
pub(super) fn of_case() -> Duration {
    static CASE: LazyLock<Duration> = LazyLock::new(|| {
        let given = std::env::var(VARIABLE).ok();
        given.map_or(DEFAULT, |text| match text.trim().parse() {
            Ok(seconds @ 1..=86_400) => Duration::from_secs(seconds),
            _ => panic!("{VARIABLE} is a whole number of seconds, from 1 to 86,400"),
        })
    });
    *CASE
}

/// How long a case waits for something that has to come: a quarter of what it may take.
pub(super) fn of_event() -> Duration {
    of_case() / 4
}

/// Why there is no result.
pub(super) enum Unfinished {
    Panicked(Box<dyn Any + Send>),
    Late,
}

/// Runs `work` in a thread of its own. A thread that hangs stays behind: nothing can stop it, but its test can end.
pub(super) fn within<T, F>(name: &str, deadline: Duration, work: F) -> Result<T, Unfinished>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let (done, finished) = channel();
    let run = move || {
        // The sender is dropped by a panic too, which ends the wait below.
        let result = work();
        let _ = done.send(());
        result
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run).expect("a thread can be started");
    match finished.recv_timeout(deadline) {
        Err(RecvTimeoutError::Timeout) => Err(Unfinished::Late),
        Ok(()) | Err(RecvTimeoutError::Disconnected) => thread.join().map_err(Unfinished::Panicked),
    }
}

/// The message of a panic.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a text").to_owned()
}
