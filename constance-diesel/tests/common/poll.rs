//! Waiting for what has to come.

use std::time::{Duration, Instant};

/// Long even on a busy machine; only what never comes waits for it.
const LIMIT: Duration = Duration::from_secs(60);

/// Asks again and again, until there is an answer.
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
