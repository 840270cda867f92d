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

use super::connector::Connector;

/// How long a connection may be idle before a write checks it.
const IDLE_LIMIT: Duration = Duration::from_secs(1);

/// How exact the time of the last reply is, in milliseconds. It is little beside [`IDLE_LIMIT`].
const REPLY_TIME_RESOLUTION: u64 = 20;

/// The result of an attempt to connect, for every task that waits for it. `None` while it runs.
type Outcome = Option<Result<Established>>;

/// A connection that is made when it is needed, and replaced when it has failed.
///
/// Each connection has a generation. Of many tasks that find it broken, the first replaces it; the generation keeps the
/// others from replacing its successor.
pub(crate) struct SharedConnection {
    connector: Connector,
    /// Where `last_reply` counts from.
    started: Instant,
    /// When the server last replied, in milliseconds.
    last_reply: AtomicU64,
    /// Never held across an await.
    state: Mutex<State>,
    /// The process that has made the connection.
    process: AtomicU32,
}

struct State {
    /// The generation of the last attempt to connect.
    generation: u64,
    phase: Phase,
}

enum Phase {
    Disconnected,
    Connecting(watch::Receiver<Outcome>),
    Connected(Established),
}

/// A handle to the connection, and the connection's generation.
#[derive(Clone)]
pub(crate) struct Established {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) generation: u64,
}

/// An attempt to connect. It runs in a task of its own, since the call that began it may be dropped while others wait.
struct ConnectAttempt {
    shared: Arc<SharedConnection>,
    generation: u64,
    outcome_sender: watch::Sender<Outcome>,
}

impl SharedConnection {
    pub(crate) fn new(connector: Connector) -> Arc<Self> {
        Arc::new(Self {
            connector,
            started: Instant::now(),
            last_reply: AtomicU64::new(0),
            state: Mutex::new(State { generation: 0, phase: Phase::Disconnected }),
            process: AtomicU32::new(std::process::id()),
        })
    }

    /// Notes that the server has replied.
    pub(crate) fn record_reply(&self) {
        let now = self.now();
        // All threads read this value, and each write makes their caches fetch it again.
        if now.saturating_sub(self.last_reply.load(Ordering::Relaxed)) >= REPLY_TIME_RESOLUTION {
            self.last_reply.store(now, Ordering::Relaxed);
        }
    }

    /// Whether there is a connection that has been idle for so long that it may be closed.
    pub(crate) fn is_idle(&self) -> bool {
        let idle = self.now().saturating_sub(self.last_reply.load(Ordering::Relaxed));
        u128::from(idle) > IDLE_LIMIT.as_millis() && matches!(self.state.lock().phase, Phase::Connected(_))
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// The connection. Where there is none, all tasks that need it wait for one attempt, and share its error.
    pub(crate) async fn connection(self: &Arc<Self>) -> Result<Established> {
        self.reset_after_fork();
        match self.established() {
            Some(established) => Ok(established),
            // Boxed, so that the future of every call stays small.
            None => Box::pin(self.wait()).await,
        }
    }

    /// Begins without a connection in a forked child. The inherited one belongs to the runtime of the parent, which takes
    /// its replies. It is leaked, since dropping it would wake that runtime.
    fn reset_after_fork(&self) {
        let process = std::process::id();
        if self.process.load(Ordering::Acquire) == process {
            return;
        }
        let mut state = self.state.lock();
        if self.process.load(Ordering::Relaxed) != process {
            let phase = std::mem::replace(&mut state.phase, Phase::Disconnected);
            std::mem::forget(phase);
            // Last: a thread that reads it without the lock must not find the inherited connection.
            self.process.store(process, Ordering::Release);
        }
    }

    fn established(&self) -> Option<Established> {
        match &self.state.lock().phase {
            Phase::Connected(established) => Some(established.clone()),
            _ => None,
        }
    }

    async fn wait(self: &Arc<Self>) -> Result<Established> {
        // The attempt has its own timeout. This one is for an attempt in a runtime that does not run.
        let limit = self.connector.connect_timeout().saturating_mul(2);
        // The second time is for an attempt that ended together with another runtime.
        for _ in 0..2 {
            let (generation, mut outcome) = match self.start_connecting()? {
                ConnectState::Connected(established) => return Ok(established),
                ConnectState::Connecting(generation, outcome) => (generation, outcome),
            };
            match timeout(limit, outcome.wait_for(Option::is_some)).await {
                Ok(Ok(outcome)) => {
                    if let Some(result) = outcome.clone() {
                        return result;
                    }
                }
                Ok(Err(_)) => {}
                Err(_) => self.replace(generation),
            }
        }
        Err(Error::new(ErrorKind::Unavailable)
            .with_detail("the tokio runtime that connects has ended or stands still")
            .with_hint("call the backend from one runtime that goes on"))
    }

    /// Gives a connection up. Requests in flight keep it until they end.
    pub(crate) fn replace(&self, generation: u64) {
        let mut state = self.state.lock();
        if state.generation != generation {
            return;
        }
        let phase = std::mem::replace(&mut state.phase, Phase::Disconnected);
        drop(state);
        // Outside the lock: dropping the last handle ends the driver's task.
        drop(phase);
    }

    fn start_connecting(self: &Arc<Self>) -> Result<ConnectState> {
        let Ok(runtime) = runtime::Handle::try_current() else {
            return Err(Error::new(ErrorKind::Configuration).with_detail("it was not called in a tokio runtime"));
        };
        let (attempt, outcome) = {
            let mut state = self.state.lock();
            match &state.phase {
                Phase::Connected(established) => return Ok(ConnectState::Connected(established.clone())),
                Phase::Connecting(outcome) => return Ok(ConnectState::Connecting(state.generation, outcome.clone())),
                Phase::Disconnected => {}
            }
            let (outcome_sender, outcome) = watch::channel(None);
            state.generation += 1;
            state.phase = Phase::Connecting(outcome.clone());
            (ConnectAttempt { shared: Arc::clone(self), generation: state.generation, outcome_sender }, outcome)
        };
        let generation = attempt.generation;
        // Outside the lock: a runtime that shuts down drops the attempt here, and dropping it takes the lock.
        drop(runtime.spawn(attempt.run()));
        Ok(ConnectState::Connecting(generation, outcome))
    }
}

/// What a task finds that needs a connection.
enum ConnectState {
    Connected(Established),
    Connecting(u64, watch::Receiver<Outcome>),
}

impl ConnectAttempt {
    async fn run(self) {
        let generation = self.generation;
        let weak = Arc::downgrade(&self.shared);
        let pushes = self
            .shared
            .connector
            .speaks_resp3()
            .then_some(move |push: PushInfo| replace_when_ended(&weak, generation, &push));
        let result =
            self.shared.connector.connect(pushes).await.map(|connection| Established { connection, generation });
        {
            let mut state = self.shared.state.lock();
            if state.generation == generation && matches!(state.phase, Phase::Connecting(_)) {
                state.phase = match &result {
                    Ok(established) => Phase::Connected(established.clone()),
                    Err(_) => Phase::Disconnected,
                };
            }
        }
        self.outcome_sender.send_replace(Some(result));
    }
}

/// Replaces a connection as soon as the driver sees that it has ended.
fn replace_when_ended(
    shared: &Weak<SharedConnection>,
    generation: u64,
    push: &PushInfo,
) -> std::result::Result<(), ()> {
    if push.kind == PushKind::Disconnection
        && let Some(shared) = shared.upgrade()
    {
        shared.replace(generation);
    }
    Ok(())
}

impl Drop for ConnectAttempt {
    /// No task waits for an attempt whose runtime has ended.
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        if state.generation == self.generation && matches!(state.phase, Phase::Connecting(_)) {
            state.phase = Phase::Disconnected;
        }
    }
}

impl fmt::Debug for SharedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connector, started: _, last_reply: _, state, process: _ } = self;
        let phase = match state.lock().phase {
            Phase::Disconnected => "none",
            Phase::Connecting(_) => "being made",
            Phase::Connected(_) => "open",
        };
        f.debug_struct("SharedConnection").field("connector", connector).field("connection", &phase).finish()
    }
}
