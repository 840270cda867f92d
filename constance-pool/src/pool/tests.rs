use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{scope, yield_now};

use super::*;

/// Nobody in these tests waits for so long.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

/// What becomes of an attempt.
#[derive(Clone, Copy)]
enum To {
    Connect,
    Fail(ErrorKind),
    Panic,
}

/// Each attempt says that it has begun, and waits for what becomes of it.
struct Server {
    begun: Sender<()>,
    outcomes: Mutex<Receiver<To>>,
    asked: AtomicUsize,
    is_dead: AtomicBool,
    open: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Connection(Arc<AtomicUsize>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Manager for Server {
    type Connection = Connection;

    fn connect(&self, _: Duration) -> Result<Connection> {
        self.begun.send(()).expect("the test goes on");
        let to = self.outcomes.lock().recv().expect("the test goes on");
        match to {
            To::Connect => {
                self.open.fetch_add(1, Ordering::SeqCst);
                Ok(Connection(Arc::clone(&self.open)))
            }
            To::Fail(kind) => Err(Error::new(kind)),
            To::Panic => resume_unwind(Box::new("a driver")),
        }
    }

    fn check(&self, _: &mut Connection, _: Duration) -> Result<()> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_dead.load(Ordering::SeqCst) { Err(Error::new(ErrorKind::Unavailable)) } else { Ok(()) }
    }
}

struct Fixture {
    pool: Pool<Server>,
    begun: Mutex<Receiver<()>>,
    outcomes: Sender<To>,
}

impl Fixture {
    fn new(size: u32) -> Self {
        let ((begins, begun), (outcomes, coming)) = (channel(), channel());
        let outcomes_of_server = Mutex::new(coming);
        let manager = Server {
            begun: begins,
            outcomes: outcomes_of_server,
            asked: AtomicUsize::new(0),
            is_dead: AtomicBool::new(false),
            open: Arc::default(),
        };
        let options = PoolOptions::new().max_size(size).acquire_timeout(FOREVER);
        Self { pool: options.open(manager), begun: Mutex::new(begun), outcomes }
    }

    fn until_begun(&self) {
        self.begun.lock().recv().expect("an attempt");
    }

    fn next(&self, to: To) {
        self.outcomes.send(to).expect("the pool is there");
    }

    fn lease(&self) -> Lease<'_, Server> {
        self.next(To::Connect);
        self.read().expect("a connection")
    }

    fn read(&self) -> Result<Lease<'_, Server>> {
        self.pool.get(Purpose::Read)
    }

    fn open(&self) -> usize {
        self.pool.manager.open.load(Ordering::SeqCst)
    }

    /// Until so many wait. Who is woken for nothing goes on waiting.
    fn until_waiting(&self, number: usize) {
        while self.pool.changed.notify_all() < number {
            yield_now();
        }
    }
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn one_connects_and_the_others_share_what_comes_of_it() {
    for fails in [true, false] {
        let fixture = Fixture::new(1);
        scope(|threads| {
            let all: Vec<_> = (0..9).map(|_| threads.spawn(|| kind(fixture.read()))).collect();
            fixture.until_begun();
            fixture.until_waiting(8);
            fixture.next(if fails { To::Fail(ErrorKind::Unavailable) } else { To::Connect });
            let wanted = fails.then_some(ErrorKind::Unavailable);
            assert!(all.into_iter().all(|one| one.join().expect("no panic") == wanted));
        });
        assert!(fixture.begun.lock().try_recv().is_err(), "one attempt for all");
        // What failed before is nothing to who comes later.
        if fails {
            drop(fixture.lease());
        }
        assert_eq!(fixture.open(), 1);
    }
}

#[test]
fn what_somebody_has_to_mend_is_tried_once_more() {
    let fixture = Fixture::new(1);
    scope(|threads| {
        let all: Vec<_> = (0..9).map(|_| threads.spawn(|| kind(fixture.read()))).collect();
        fixture.until_begun();
        fixture.until_waiting(8);
        (0..2).for_each(|_| fixture.next(To::Fail(ErrorKind::NotMigrated)));
        assert!(all.into_iter().all(|one| one.join().expect("no panic") == Some(ErrorKind::NotMigrated)));
    });
    assert_eq!(fixture.begun.lock().try_iter().count(), 1, "for all who came before it began");
}

#[test]
fn who_waits_for_an_attempt_that_panics_tries_too() {
    let fixture = Fixture::new(1);
    scope(|threads| {
        let first = threads.spawn(|| catch_unwind(AssertUnwindSafe(|| fixture.read().map(drop))).is_err());
        fixture.until_begun();
        let other = threads.spawn(|| kind(fixture.read()));
        fixture.until_waiting(1);
        fixture.next(To::Panic);
        fixture.next(To::Connect);
        assert!(first.join().expect("it is caught"));
        assert_eq!(other.join().expect("no panic"), None);
    });
}

#[test]
fn who_waits_hears_of_connections_that_die() {
    for comes_back in [true, false] {
        let fixture = Fixture::new(2);
        let mut dying = [fixture.lease(), fixture.lease()];
        scope(|threads| {
            let waiting: Vec<_> = (0..4).map(|_| threads.spawn(|| kind(fixture.read()))).collect();
            fixture.until_waiting(4);
            let outcome = if comes_back { To::Connect } else { To::Fail(ErrorKind::Unavailable) };
            (0..4).for_each(|_| fixture.next(outcome));
            dying.iter_mut().for_each(Lease::discard);
            drop(dying);
            let wanted = (!comes_back).then_some(ErrorKind::Unavailable);
            assert!(waiting.into_iter().all(|one| one.join().expect("nobody waits on") == wanted));
        });
    }
}

#[test]
fn with_one_open_a_failure_to_connect_waits_for_that() {
    let fixture = Fixture::new(2);
    let lease = fixture.lease();
    scope(|threads| {
        let other = threads.spawn(|| kind(fixture.read()));
        fixture.next(To::Fail(ErrorKind::Unavailable));
        fixture.until_waiting(1);
        drop(lease);
        assert_eq!(other.join().expect("no panic"), None);
    });
    let mut lease = fixture.read().expect("it is idle");
    scope(|threads| {
        let other = threads.spawn(|| kind(fixture.read()));
        fixture.next(To::Fail(ErrorKind::Denied));
        fixture.until_waiting(1);
        lease.retire();
        assert_eq!(other.join().expect("no panic"), Some(ErrorKind::Denied), "there is nothing to wait for");
    });
}

#[test]
fn one_that_was_closed_retires_all_that_were_made_before() {
    let fixture = Fixture::new(3);
    let [mut closed, used, idle] = [fixture.lease(), fixture.lease(), fixture.lease()];
    drop(idle);
    closed.retire();
    assert_eq!(fixture.open(), 2);
    drop((closed, used));
    assert_eq!(fixture.open(), 0);
    let mut new = fixture.lease();
    assert!(!new.is_used());
    new.discard();
    drop(new);
    // A second word about the same restart would take the new ones along.
    let state = fixture.pool.state.lock();
    assert_eq!((state.open, state.current, state.generation), (0, 0, 1));
}

#[test]
fn one_that_rested_is_checked_before_a_write_alone() {
    let fixture = Fixture::new(1);
    drop(fixture.lease());
    let rest = || fixture.pool.state.lock().idle[0].seen -= Duration::from_secs(2);
    let asked = || fixture.pool.manager.asked.load(Ordering::SeqCst);
    drop(fixture.pool.get(Purpose::Write).expect("it was seen just now"));
    rest();
    drop(fixture.read().expect("reading is done again where it fails"));
    assert_eq!(asked(), 0);
    rest();
    drop(fixture.pool.get(Purpose::Write).expect("it lives"));
    assert_eq!(asked(), 1);
    rest();
    fixture.pool.manager.is_dead.store(true, Ordering::SeqCst);
    fixture.next(To::Connect);
    assert!(!fixture.pool.get(Purpose::Write).expect("another one").is_used());
    assert_eq!((asked(), fixture.open()), (2, 1));
}

#[test]
fn all_in_use_is_a_timeout() {
    let fixture = Fixture::new(1);
    let lease = fixture.lease();
    let error = fixture.pool.get_until(Purpose::Read, Some(Instant::now())).expect_err("none is free");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true));
    assert!(error.to_string().contains("came free in time"), "{error}");
    drop(lease);
    assert!(fixture.pool.get_until(Purpose::Read, Some(Instant::now())).is_ok(), "one that is idle needs no time");
}

#[test]
fn what_nobody_uses_is_closed_when_another_comes_back() {
    let fixture = Fixture::new(2);
    let [one, other] = [fixture.lease(), fixture.lease()];
    drop(one);
    fixture.pool.state.lock().idle[0].seen -= Duration::from_secs(11 * 60);
    drop(other);
    assert_eq!(fixture.open(), 1);
    fixture.pool.state.lock().idle[0].born -= Duration::from_secs(31 * 60);
    drop(fixture.read().expect("it is idle"));
    assert_eq!(fixture.open(), 0, "it has served for long enough");
}
