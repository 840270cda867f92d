//! What `live()` does while the store is down, and what counts as a failure of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
use constance_core::{Config, ErrorKind, Live, LiveOptions, Settings};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

type Faulty = Arc<FaultyBackend<Arc<ReferenceBackend>>>;

const LONG: Duration = Duration::from_secs(60);

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

/// A `live()` whose last load has failed, since reading does; and another writer to its store.
fn in_outage() -> (Faulty, Config<Shop>, Live<Shop>, Config<Shop>) {
    let store = Arc::new(ReferenceBackend::new());
    let backend = Arc::new(FaultyBackend::new(Arc::clone(&store)));
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let seldom = LiveOptions::new().poll_interval(LONG * 100).reread_interval(LONG * 100);
    let live = config.live_with(seldom).expect("loads");
    backend.fail_method(Method::Read, ErrorKind::Unavailable);
    let other = Config::new(store);
    other.set(Shop::THE_ANSWER, 1).expect("writes");
    until("it does not look", || live.status().last_error.is_some());
    (backend, config, live, other)
}

/// How many loads the time alone makes at most: ten a second.
fn by_the_time(began: Instant) -> usize {
    usize::try_from(began.elapsed().as_millis() / 100).expect("not that long") + 2
}

#[test]
fn writes_that_fail_are_no_failures_of_its_own_and_end_no_rest() {
    let (backend, config, live, other) = in_outage();
    backend.fail_all(ErrorKind::Unavailable);
    let (began, before) = (Instant::now(), backend.calls(Method::Read));
    for n in 0..300 {
        assert!(config.set(Shop::THE_ANSWER, n).is_err());
        std::thread::sleep(Duration::from_millis(1));
    }
    let loads = backend.calls(Method::Read) - before;
    assert!(loads <= by_the_time(began), "{loads} loads in {:?}", began.elapsed());
    other.set(Shop::THE_ANSWER, 7).expect("writes");
    backend.heal();
    until("it has not caught up", || live.load().the_answer == 7);
    until("the error stays", || live.status().last_error.is_none());
}

#[test]
fn a_call_that_the_store_answers_has_it_look_at_once() {
    type Call = fn(&Config<Shop>) -> constance_core::Result<()>;
    let calls: [(&str, Call); 2] =
        [("a write", |c| c.set(Shop::THE_ANSWER, 1)), ("a read of one", |c| c.get(Shop::THE_ANSWER).map(drop))];
    for (what, call) in calls {
        let (backend, config, live, _) = in_outage();
        let (began, before) = (Instant::now(), backend.calls(Method::Read));
        until(what, || {
            call(&config).expect(what);
            std::thread::sleep(Duration::from_millis(1));
            backend.calls(Method::Read) - before > by_the_time(began) + 5
        });
        assert!(live.status().last_error.is_some());
    }
}
