//! Waiting for something that only asking again can tell.

use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

const PAUSE: Duration = Duration::from_millis(20);

/// Asks until `ready` says what it found. An error of its own is asked about again, since a server that is busy or
/// loading may answer the next time; the last one is told when there is no next time.
pub(super) fn until<T>(what: &str, limit: Duration, mut ready: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        let answer = ready();
        if let Ok(Some(found)) = answer {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            let last = answer.err().map(|error| format!(": {error}")).unwrap_or_default();
            return Err(Error::failed(format!("{what}: not within {} s{last}", limit.as_secs())));
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_again() {
        let mut asked = 0;
        let found = until("the third", Duration::from_secs(60), || {
            asked += 1;
            Ok((asked == 3).then_some(asked))
        });
        assert_eq!(found.unwrap(), 3);
    }

    #[test]
    fn it_gives_up_and_says_on_what() {
        let message = until::<()>("the dawn", Duration::ZERO, || Ok(None)).unwrap_err().to_string();
        assert_eq!(message, "the dawn: not within 0 s");
    }

    #[test]
    fn an_error_may_pass() {
        let mut asked = 0;
        let found = until("the second", Duration::from_secs(60), || {
            asked += 1;
            if asked == 1 { Err(Error::failed("busy")) } else { Ok(Some(asked)) }
        });
        assert_eq!(found.unwrap(), 2);
    }

    #[test]
    fn an_error_that_stays_is_told() {
        let result = until::<()>("anything", Duration::ZERO, || Err(Error::failed("broken")));
        assert_eq!(result.unwrap_err().to_string(), "anything: not within 0 s: broken");
    }
}
