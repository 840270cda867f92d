//! Waiting for a condition.

use std::time::{Duration, Instant};

/// Long even on a busy machine. Only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(60);

/// Calls `ask` until it returns a value.
#[track_caller]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "it never came: {what}");
        std::thread::yield_now();
    }
}
