//! The one connection that all tasks share.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind};
use tokio::runtime;
use tokio::sync::watch;
use tokio::time::timeout;

use super::opener::Opener;

/// How long a connection may lie idle and still be taken to be there.
const REST: Duration = Duration::from_secs(1);

/// By how many milliseconds the time of the last answer may be behind, which is little beside [`REST`].
const STALE: u64 = 20;

/// What an attempt to connect came to, for everybody who waits for it.
type Outcome = Option<Result<Link>>;

/// A connection that is made when it is needed, and replaced when it has failed.
///
/// Each connection has a number. Who finds it broken says so by its number: of many tasks whose requests were under way on
/// it the first has it replaced, and the others cannot take its successor away.
pub(crate) struct Shared {
    opener: Opener,
    /// What `answered` counts from.
    since: Instant,
    /// When the last answer came, in milliseconds.
    answered: AtomicU64,
    /// Held for looks and changes of this value only, never while anything waits.
    state: Mutex<State>,
    /// Whose connection it is.
    process: AtomicU32,
}

struct State {
    /// The number of the last attempt to connect.
    number: u64,
    phase: Phase,
}

enum Phase {
    Empty,
    Opening(watch::Receiver<Outcome>),
    Open(MultiplexedConnection),
}

/// The connection, and its number.
#[derive(Clone)]
struct Link {
    connection: MultiplexedConnection,
    number: u64,
}

/// An attempt to connect, under way in a task of its own: whoever began it may be dropped, and the others still wait.
struct Attempt {
    shared: Arc<Shared>,
    number: u64,
    told: watch::Sender<Outcome>,
}

impl Shared {
    pub(crate) fn new(opener: Opener) -> Arc<Self> {
        Arc::new(Self {
            opener,
            since: Instant::now(),
            answered: AtomicU64::new(0),
            state: Mutex::new(State { number: 0, phase: Phase::Empty }),
            process: AtomicU32::new(std::process::id()),
        })
    }

    /// Told of every answer.
    pub(crate) fn answered(&self) {
        let now = self.now();
        // All threads look at it, and what one of them writes the others have to fetch.
        if now.saturating_sub(self.answered.load(Ordering::Relaxed)) >= STALE {
            self.answered.store(now, Ordering::Relaxed);
        }
    }

    /// Whether there is a connection, and it has lain idle for so long that it may have died unnoticed.
    pub(crate) fn is_rested(&self) -> bool {
        let idle = self.now().saturating_sub(self.answered.load(Ordering::Relaxed));
        u128::from(idle) > REST.as_millis() && matches!(self.state.lock().phase, Phase::Open(_))
    }

    fn now(&self) -> u64 {
        self.since.elapsed().as_millis() as u64
    }

    pub(crate) fn opener(&self) -> &Opener {
        &self.opener
    }

    /// A handle, and the connection's number. Where there is no connection, one attempt is made for all who ask meanwhile,
    /// and they share its error.
    pub(crate) async fn connection(self: &Arc<Self>) -> Result<(u64, MultiplexedConnection)> {
        self.begin_anew_in_a_child();
        let link = match self.open() {
            Some(link) => link,
            // In a box: the future of every call would have to make room for what is seldom needed.
            None => Box::pin(self.wait()).await?,
        };
        Ok((link.number, link.connection))
    }

    /// In a forked child: begins without a connection. The runtime of the one that was inherited is the parent's, and so are the
    /// answers on it; it is leaked, since dropping it would wake that runtime.
    fn begin_anew_in_a_child(&self) {
        let process = std::process::id();
        if self.process.load(Ordering::Acquire) == process {
            return;
        }
        let mut state = self.state.lock();
        if self.process.load(Ordering::Relaxed) != process {
            let phase = std::mem::replace(&mut state.phase, Phase::Empty);
            std::mem::forget(phase);
            // Last: who reads it without the lock must not find what was inherited.
            self.process.store(process, Ordering::Release);
        }
    }

    fn open(&self) -> Option<Link> {
        let state = self.state.lock();
        match &state.phase {
            Phase::Open(connection) => Some(Link { connection: connection.clone(), number: state.number }),
            _ => None,
        }
    }

    async fn wait(self: &Arc<Self>) -> Result<Link> {
        // The attempt bounds itself. It is out of time here where the runtime that it was begun in stands still.
        let patience = self.opener.connect_timeout().saturating_mul(2);
        // A second round is for an attempt that ended with its runtime, which need not be this task's.
        for _ in 0..2 {
            let (number, mut outcome) = match self.begin()? {
                Begun::Open(link) => return Ok(link),
                Begun::Opening(number, outcome) => (number, outcome),
            };
            match timeout(patience, outcome.wait_for(Option::is_some)).await {
                Ok(Ok(outcome)) => {
                    if let Some(result) = outcome.clone() {
                        return result;
                    }
                }
                Ok(Err(_)) => {}
                Err(_) => self.replace(number),
            }
        }
        Err(Error::new(ErrorKind::Unavailable)
            .with_detail("the tokio runtime that connects has ended or stands still")
            .with_hint("call the backend from one runtime that goes on"))
    }

    /// Ends the time of a connection. It serves the requests that are under way on it, and no others.
    pub(crate) fn replace(&self, number: u64) {
        let mut state = self.state.lock();
        if state.number != number {
            return;
        }
        let phase = std::mem::replace(&mut state.phase, Phase::Empty);
        drop(state);
        // Outside the lock: the last owner ends the driver's task.
        drop(phase);
    }

    fn begin(self: &Arc<Self>) -> Result<Begun> {
        let Ok(runtime) = runtime::Handle::try_current() else {
            return Err(Error::new(ErrorKind::Configuration).with_detail("it was not called in a tokio runtime"));
        };
        let (attempt, outcome) = {
            let mut state = self.state.lock();
            match &state.phase {
                Phase::Open(connection) => {
                    return Ok(Begun::Open(Link { connection: connection.clone(), number: state.number }));
                }
                Phase::Opening(outcome) => return Ok(Begun::Opening(state.number, outcome.clone())),
                Phase::Empty => {}
            }
            let (told, outcome) = watch::channel(None);
            state.number += 1;
            state.phase = Phase::Opening(outcome.clone());
            (Attempt { shared: Arc::clone(self), number: state.number, told }, outcome)
        };
        let number = attempt.number;
        // Outside the lock: a runtime that shuts down drops the attempt here, and that takes the lock.
        drop(runtime.spawn(attempt.run()));
        Ok(Begun::Opening(number, outcome))
    }
}

/// What a task that asks for the connection finds.
enum Begun {
    Open(Link),
    Opening(u64, watch::Receiver<Outcome>),
}

impl Attempt {
    async fn run(self) {
        let number = self.number;
        let weak = Arc::downgrade(&self.shared);
        let pushes = self.shared.opener.speaks_resp3().then_some(move |push: PushInfo| ended(&weak, number, &push));
        let result = self.shared.opener.open(pushes).await.map(|connection| Link { connection, number });
        {
            let mut state = self.shared.state.lock();
            if state.number == number && matches!(state.phase, Phase::Opening(_)) {
                state.phase = match &result {
                    Ok(link) => Phase::Open(link.connection.clone()),
                    Err(_) => Phase::Empty,
                };
            }
        }
        self.told.send_replace(Some(result));
    }
}

/// Takes note of the end of a connection as soon as the driver has seen it.
fn ended(shared: &Weak<Shared>, number: u64, push: &PushInfo) -> std::result::Result<(), ()> {
    if push.kind == PushKind::Disconnection
        && let Some(shared) = shared.upgrade()
    {
        shared.replace(number);
    }
    Ok(())
}

impl Drop for Attempt {
    /// An attempt whose runtime ended must not be waited for.
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        if state.number == self.number && matches!(state.phase, Phase::Opening(_)) {
            state.phase = Phase::Empty;
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { opener, since: _, answered: _, state, process: _ } = self;
        let phase = match state.lock().phase {
            Phase::Empty => "none",
            Phase::Opening(_) => "being made",
            Phase::Open(_) => "open",
        };
        f.debug_struct("Shared").field("opener", opener).field("connection", &phase).finish()
    }
}
