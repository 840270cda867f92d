//! The asynchronous front tells its `live()` that the store is there again, as the synchronous one does.

use std::time::{Duration, Instant};

use constance_core::testing::Method;
use constance_core::{ErrorKind, LiveOptions, Result};

use super::{Shop, shop};

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_call_that_the_store_answers_has_it_look_at_once() -> Result<()> {
    let (backend, config) = shop();
    let seldom = LiveOptions::new().poll_interval(LONG * 100).reread_interval(LONG * 100);
    let live = config.live_with(seldom).await?;
    backend.fail_method(Method::Read, ErrorKind::Unavailable);
    let began = Instant::now();
    // Ten loads a second are what the time alone makes.
    let by_the_time = || usize::try_from(began.elapsed().as_millis() / 100).expect("not that long") + 2;
    let before = backend.calls(Method::Read);
    while backend.calls(Method::Read) - before <= by_the_time() + 5 {
        assert!(began.elapsed() < LONG, "it does not look when a write succeeds");
        config.set(Shop::THE_ANSWER, 1).await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(live.status().last_error.is_some());
    Ok(())
}
