//! Waiting for a condition.

use std::time::{Duration, Instant};

/// Long even on a busy machine. Only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(60);

/// Calls `ask` until it returns a value, for a minute at most.
///
/// # Panics
///
/// Where it returns none in that time. The message has `what`.
#[track_caller]
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    let Some(found) = within(LIMIT, ask) else { panic!("not within a minute: {what}") };
    found
}

/// Calls `ask` until it returns a value. `None` where it does not until this time has passed.
pub fn within<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() >= end {
            return answer;
        }
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_again() {
        let mut asked = 0;
        let third = until("the third", || {
            asked += 1;
            (asked == 3).then_some(asked)
        });
        assert_eq!(third, 3);
    }

    #[test]
    fn it_asks_once_where_there_is_no_time() {
        assert_eq!(within(Duration::ZERO, || Some(1)), Some(1));
        assert_eq!(within(Duration::ZERO, || None::<u8>), None);
    }
}
