use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{scope, yield_now};

use super::*;

/// Longer than any test waits.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

/// The outcome of an attempt to connect.
#[derive(Clone, Copy)]
enum Outcome {
    Connect,
    Fail(ErrorKind),
    Panic,
}

/// A manager whose attempts report that they have begun, and wait for the outcome that the test gives them.
struct Server {
    begun: Sender<()>,
    outcomes: Mutex<Receiver<Outcome>>,
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
        let outcome = self.outcomes.lock().recv().expect("the test goes on");
        match outcome {
            Outcome::Connect => {
                self.open.fetch_add(1, Ordering::SeqCst);
                Ok(Connection(Arc::clone(&self.open)))
            }
            Outcome::Fail(kind) => Err(Error::new(kind)),
            Outcome::Panic => resume_unwind(Box::new("a driver")),
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
    outcomes: Sender<Outcome>,
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

    fn next(&self, outcome: Outcome) {
        self.outcomes.send(outcome).expect("the pool is there");
    }

    fn connection(&self) -> PooledConnection<'_, Server> {
        self.next(Outcome::Connect);
        self.read().expect("a connection")
    }

    fn read(&self) -> Result<PooledConnection<'_, Server>> {
        self.pool.get(Purpose::Read)
    }

    fn open(&self) -> usize {
        self.pool.manager.open.load(Ordering::SeqCst)
    }

    /// Returns when this many calls wait.
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
fn calls_share_one_attempt_and_its_outcome() {
    for fails in [true, false] {
        let fixture = Fixture::new(1);
        scope(|threads| {
            let all: Vec<_> = (0..9).map(|_| threads.spawn(|| kind(fixture.read()))).collect();
            fixture.until_begun();
            fixture.until_waiting(8);
            fixture.next(if fails { Outcome::Fail(ErrorKind::Unavailable) } else { Outcome::Connect });
            let wanted = fails.then_some(ErrorKind::Unavailable);
            assert!(all.into_iter().all(|one| one.join().expect("no panic") == wanted));
        });
        assert!(fixture.begun.lock().try_recv().is_err(), "one attempt for all");
        // A call that comes later does not fail with an earlier error.
        if fails {
            drop(fixture.connection());
        }
        assert_eq!(fixture.open(), 1);
    }
}

#[test]
fn an_error_that_is_not_transient_is_tried_once_more() {
    let fixture = Fixture::new(1);
    scope(|threads| {
        let all: Vec<_> = (0..9).map(|_| threads.spawn(|| kind(fixture.read()))).collect();
        fixture.until_begun();
        fixture.until_waiting(8);
        (0..2).for_each(|_| fixture.next(Outcome::Fail(ErrorKind::NotMigrated)));
        assert!(all.into_iter().all(|one| one.join().expect("no panic") == Some(ErrorKind::NotMigrated)));
    });
    assert_eq!(fixture.begun.lock().try_iter().count(), 1, "for all who came before it began");
}

#[test]
fn calls_that_wait_for_an_attempt_that_panics_try_themselves() {
    let fixture = Fixture::new(1);
    scope(|threads| {
        let first = threads.spawn(|| catch_unwind(AssertUnwindSafe(|| fixture.read().map(drop))).is_err());
        fixture.until_begun();
        let other = threads.spawn(|| kind(fixture.read()));
        fixture.until_waiting(1);
        fixture.next(Outcome::Panic);
        fixture.next(Outcome::Connect);
        assert!(first.join().expect("it is caught"));
        assert_eq!(other.join().expect("no panic"), None);
    });
}

#[test]
fn waiting_calls_are_woken_when_connections_are_closed() {
    for comes_back in [true, false] {
        let fixture = Fixture::new(2);
        let mut dying = [fixture.connection(), fixture.connection()];
        scope(|threads| {
            let waiting: Vec<_> = (0..4).map(|_| threads.spawn(|| kind(fixture.read()))).collect();
            fixture.until_waiting(4);
            let outcome = if comes_back { Outcome::Connect } else { Outcome::Fail(ErrorKind::Unavailable) };
            (0..4).for_each(|_| fixture.next(outcome));
            dying.iter_mut().for_each(PooledConnection::discard);
            drop(dying);
            let wanted = (!comes_back).then_some(ErrorKind::Unavailable);
            assert!(waiting.into_iter().all(|one| one.join().expect("nobody waits on") == wanted));
        });
    }
}

#[test]
fn a_failure_to_connect_waits_while_a_connection_is_open() {
    let fixture = Fixture::new(2);
    let connection = fixture.connection();
    scope(|threads| {
        let other = threads.spawn(|| kind(fixture.read()));
        fixture.next(Outcome::Fail(ErrorKind::Unavailable));
        fixture.until_waiting(1);
        drop(connection);
        assert_eq!(other.join().expect("no panic"), None);
    });
    let mut connection = fixture.read().expect("it is idle");
    scope(|threads| {
        let other = threads.spawn(|| kind(fixture.read()));
        fixture.next(Outcome::Fail(ErrorKind::Denied));
        fixture.until_waiting(1);
        connection.discard_all();
        assert_eq!(other.join().expect("no panic"), Some(ErrorKind::Denied), "there is nothing to wait for");
    });
}

#[test]
fn discard_all_closes_every_connection_made_before() {
    let fixture = Fixture::new(3);
    let [mut closed, used, idle] = [fixture.connection(), fixture.connection(), fixture.connection()];
    drop(idle);
    closed.discard_all();
    assert_eq!(fixture.open(), 2);
    drop((closed, used));
    assert_eq!(fixture.open(), 0);
    let mut new = fixture.connection();
    assert!(!new.is_used());
    new.discard();
    drop(new);
    // Noticing the same restart twice must not close the new connections.
    let state = fixture.pool.state.lock();
    assert_eq!((state.open, state.current, state.generation), (0, 0, 1));
}

#[test]
fn an_idle_connection_is_checked_before_a_write_only() {
    let fixture = Fixture::new(1);
    drop(fixture.connection());
    let rest = || fixture.pool.state.lock().idle[0].last_seen -= Duration::from_secs(2);
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
    fixture.next(Outcome::Connect);
    assert!(!fixture.pool.get(Purpose::Write).expect("another one").is_used());
    assert_eq!((asked(), fixture.open()), (2, 1));
}

#[test]
fn all_in_use_is_a_timeout() {
    let fixture = Fixture::new(1);
    let connection = fixture.connection();
    let error = fixture.pool.get_until(Purpose::Read, Some(Instant::now())).expect_err("none is free");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true));
    assert!(error.to_string().contains("came free in time"), "{error}");
    drop(connection);
    assert!(fixture.pool.get_until(Purpose::Read, Some(Instant::now())).is_ok(), "one that is idle needs no time");
}

#[test]
fn an_expired_connection_is_closed_when_another_comes_back() {
    let fixture = Fixture::new(2);
    let [one, other] = [fixture.connection(), fixture.connection()];
    drop(one);
    fixture.pool.state.lock().idle[0].last_seen -= Duration::from_secs(11 * 60);
    drop(other);
    assert_eq!(fixture.open(), 1);
    fixture.pool.state.lock().idle[0].created -= Duration::from_secs(31 * 60);
    drop(fixture.read().expect("it is idle"));
    assert_eq!(fixture.open(), 0, "it has served for long enough");
}
