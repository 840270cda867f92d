//! The thread that listens.
//!
//! The `postgres` crate waits inside a tokio runtime of its own, which panics where it is used or dropped inside another one.
//! In a thread of its own it never is, and who waits for a change can be interrupted at once.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result, backend::Wake};
use parking_lot::{Condvar, Mutex};
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Config};

use super::Why;
use super::tls::Tls;
use crate::postgres::failure::cause;
use crate::thread_limit::ThreadLimit;

/// How soon the thread notices that its feed was dropped.
const TICK: Duration = Duration::from_millis(250);

/// How long the statements that begin to listen may take.
const LISTEN: Duration = Duration::from_secs(3);

/// How often the server is asked whether it is there, and how long it may take to say so.
const ASK: Duration = Duration::from_secs(5);

/// The threads that connect.
static WAITING: ThreadLimit = ThreadLimit::new();

/// How listening began.
pub(super) enum Start {
    Listens,
    /// It will not work, however often it is tried.
    Never(Why),
    /// It may work at another time.
    NotNow(Error),
}

/// What the thread and its feed tell each other.
#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    changed: bool,
    interrupted: bool,
    /// Whether a notification has arrived that was sent for that.
    proven: bool,
    ended: Option<Error>,
    stop: bool,
}

impl Shared {
    pub(super) fn wait(&self, end: Option<Instant>) -> Result<Wake> {
        let mut state = self.state.lock();
        loop {
            if std::mem::take(&mut state.interrupted) {
                return Ok(Wake::Interrupted);
            }
            if std::mem::take(&mut state.changed) {
                return Ok(Wake::Changed);
            }
            if let Some(error) = &state.ended {
                return Err(error.clone());
            }
            match end {
                None => self.changed.wait(&mut state),
                Some(end) if Instant::now() < end => drop(self.changed.wait_until(&mut state, end)),
                Some(_) => return Ok(Wake::TimedOut),
            }
        }
    }

    /// Whether the notification that was sent for that arrives in time.
    pub(super) fn is_proven(&self, patience: Duration) -> Result<bool> {
        let end = Instant::now() + patience;
        let mut state = self.state.lock();
        while !state.proven && Instant::now() < end {
            if let Some(error) = &state.ended {
                return Err(error.clone());
            }
            self.changed.wait_until(&mut state, end);
        }
        Ok(state.proven)
    }

    pub(super) fn interrupt(&self) {
        self.tell(|state| state.interrupted = true);
    }

    pub(super) fn stop(&self) {
        self.tell(|state| state.stop = true);
    }

    fn tell(&self, what: impl FnOnce(&mut State)) {
        what(&mut self.state.lock());
        self.changed.notify_all();
    }
}

/// Starts the thread, which connects and listens on both channels; `None` where too many wait for that already.
pub(super) fn start(
    config: Config,
    tls: Tls,
    changes: String,
    probe: String,
) -> Result<Option<(Arc<Shared>, Receiver<Start>)>> {
    let Some(slot) = WAITING.slot() else { return Ok(None) };
    let shared = Arc::<Shared>::default();
    let (sender, started) = channel();
    let told = Arc::clone(&shared);
    let spawned = std::thread::Builder::new().name("constance-listen".to_owned()).spawn(move || {
        let _end = End(&told);
        let listening = listen(&config, &tls, &changes, &probe);
        drop(slot);
        run(listening, &changes, &probe, &told, &sender);
    });
    match spawned {
        Ok(_) => Ok(Some((shared, started))),
        Err(_) => Err(Error::new(ErrorKind::Unavailable).with_detail("no thread can be started for the feed")),
    }
}

/// Ends the feed however the thread ends, also by a panic.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.tell(|state| {
            state.ended.get_or_insert_with(|| closed("the feed has ended"));
        });
    }
}

fn closed(text: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable)
        .with_detail("the connection of the feed is gone")
        .with_cause(cause("08006", text))
}

fn listen(config: &Config, tls: &Tls, changes: &str, probe: &str) -> Result<Client, postgres::Error> {
    let mut client = tls.connect(config)?;
    let limit = LISTEN.as_millis();
    // For this transaction alone: a pooler may lend the connection to others.
    client.batch_execute(&format!(
        "BEGIN; SET LOCAL statement_timeout = {limit}; LISTEN \"{changes}\"; LISTEN \"{probe}\"; COMMIT"
    ))?;
    Ok(client)
}

fn run(
    listening: Result<Client, postgres::Error>,
    changes: &str,
    probe: &str,
    shared: &Shared,
    started: &Sender<Start>,
) {
    let mut client = match listening {
        Ok(client) => client,
        Err(error) => {
            let _ = started.send(refused(&error));
            return;
        }
    };
    // Where nobody waits for it any more, it ends here.
    if started.send(Start::Listens).is_ok() {
        let error = follow(&mut client, changes, probe, shared);
        let lost = error.is_some();
        shared.tell(|state| state.ended = error);
        if lost {
            // Who gives no sign of life does not answer either.
            return;
        }
    }
    // A pooler keeps the connection to the server, which would go on telling.
    let _ = client.batch_execute("UNLISTEN *");
}

/// Hands on what arrives, until the feed is dropped (`None`) or the connection ends.
fn follow(client: &mut Client, changes: &str, probe: &str, shared: &Shared) -> Option<Error> {
    let mut asked = Instant::now();
    while !shared.state.lock().stop {
        let Ok(channels) = arrived(client) else { return Some(closed("receiving failed")) };
        let has = |channel: &str| channels.iter().any(|other| other == channel);
        let (changed, proven) = (has(changes), has(probe));
        if changed || proven {
            shared.tell(|state| {
                state.changed |= changed;
                state.proven |= proven;
            });
        }
        if client.is_closed() {
            return Some(closed("the server closed it"));
        }
        if proven && client.batch_execute(&format!("UNLISTEN \"{probe}\"")).is_err() {
            return Some(closed("sending failed"));
        }
        if asked.elapsed() > ASK {
            if client.is_valid(ASK).is_err() {
                return Some(closed("the server gives no sign of life"));
            }
            asked = Instant::now();
        }
    }
    None
}

/// Waits for a notification, not for long, and gives the channels of all that have come by then: together they are one wake.
fn arrived(client: &mut Client) -> Result<Vec<String>, postgres::Error> {
    let mut notifications = client.notifications();
    let first = notifications.timeout_iter(TICK).next()?;
    let mut channels: Vec<String> = first.iter().map(|notification| notification.channel().to_owned()).collect();
    while !channels.is_empty() {
        match notifications.iter().next()? {
            Some(other) => channels.push(other.channel().to_owned()),
            None => break,
        }
    }
    Ok(channels)
}

/// The other connection was made a moment ago with the same URL. So what stops this one, unless the server is full or is just
/// stopping, is a way in which the two libraries differ.
fn refused(error: &postgres::Error) -> Start {
    let not_now = |detail: &'static str, code: &'static str| {
        Start::NotNow(Error::new(ErrorKind::Unavailable).with_detail(detail).with_cause(cause(code, "for the feed")))
    };
    match error.code() {
        Some(&SqlState::TOO_MANY_CONNECTIONS) => not_now("the server has no connection left", "53300"),
        Some(&SqlState::CANNOT_CONNECT_NOW) => not_now("the server is starting or stopping", "57P03"),
        Some(&SqlState::ADMIN_SHUTDOWN) => not_now("the server is starting or stopping", "57P01"),
        Some(_) => Start::Never("the server does not let the listener in"),
        None => Start::Never(Tls::is_why(error).unwrap_or("the listener cannot connect as libpq does")),
    }
}
