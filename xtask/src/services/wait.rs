//! Waiting for something that only asking again can tell.

use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

const PAUSE: Duration = Duration::from_millis(20);

/// Asks until `ready` says what it found; its own error ends the waiting at once.
pub(super) fn until<T>(what: &str, limit: Duration, mut ready: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = ready()? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            return Err(Error::failed(format!("{what}: not within {} s", limit.as_secs())));
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
    fn an_error_ends_it() {
        let result = until::<()>("anything", Duration::from_secs(3600), || Err(Error::failed("broken")));
        assert_eq!(result.unwrap_err().to_string(), "broken");
    }
}
