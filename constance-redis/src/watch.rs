//! Following changes by client tracking.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use constance_core::backend::{Cause, ChangedKeys, Waitable, Wake, Watch};
use constance_core::{Error, ErrorKind, Prefix, Result, WatchMode};
use redis::{Cmd, Connection, PushKind, Value, cmd};

use crate::connect::set_timeouts;
use crate::error::{classify, is_interrupted, timeout};

/// How long the server may send nothing before it gets two `PING`s. A process with two watches sends 30 `PING`s a minute.
pub(crate) const PING_INTERVAL: Duration = Duration::from_secs(8);

/// How long the reply to these may take. So a server that is silent is given up after at most 12 seconds.
pub(crate) const PING_TIMEOUT: Duration = Duration::from_secs(4);

/// The command that makes the server push changes.
pub(crate) fn tracking_command(prefix: &Prefix) -> Cmd {
    let mut track = cmd("CLIENT");
    track.arg("TRACKING").arg("ON").arg("BCAST");
    // Without PREFIX the server pushes changes of every key.
    if !prefix.as_str().is_empty() {
        track.arg("PREFIX").arg(prefix.as_str());
    }
    track
}

/// The error for a server that has not replied to `PING`.
pub(crate) fn silent_server_error() -> Error {
    timeout().with_detail("the server has fallen silent")
}

/// Turns a missing right into `Unsupported`, so that the caller polls and does not try again: rights seldom change while a
/// service runs.
pub(crate) fn unsupported_if_denied(error: Error) -> Error {
    if error.cause().and_then(Cause::code) != Some("NOPERM") {
        return error;
    }
    Error::new(ErrorKind::Unsupported)
        .with_detail("the user may not follow changes")
        .with_hint("give it the right to HELLO and CLIENT")
}

/// Follows every change of a key with a prefix, by any writer: client-side caching of Redis in broadcast mode.
///
/// A thread reads the connection, so that a caller who waits can be interrupted at once. It ends when the connection
/// ends, or at the first read that returns after the watch was dropped.
pub(crate) struct RedisWatch(Arc<SharedState>);

/// What the thread and the watch share.
#[derive(Default)]
struct SharedState(Waitable<State>);

#[derive(Default)]
struct State {
    changed: bool,
    /// Named by the server and not yet asked for.
    keys: ChangedKeys,
    listener: Listener,
    /// The number of the last proof that the caller asked for, and of the last that has come.
    asked: u64,
    proven: u64,
    /// The caller has not come back after a change.
    is_away: bool,
    interrupted: bool,
    /// Why the thread has ended.
    ended: Option<Error>,
    dropped: bool,
}

/// What the thread does.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Listener {
    /// It reads the connection, and nothing else can reach it.
    #[default]
    Reading,
    /// It has told of a change, and waits for the caller, who reads: they may want a proof that there is no other.
    Told,
    /// It reads the connection until the proof comes.
    Proving,
}

/// How long the thread waits for the caller after a change. What the server pushes meanwhile stays in the connection.
const CALLER_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the caller waits for a proof.
pub(crate) const PROOF_TIMEOUT: Duration = Duration::from_secs(1);

/// The server answers it after everything that it has pushed before.
pub(crate) fn proof_command(number: u64) -> Cmd {
    let mut ping = cmd("PING");
    ping.arg(format!("constance {number}"));
    ping
}

/// The number of the proof that a reply is.
fn proof_of(reply: &Value) -> Option<u64> {
    let Value::BulkString(text) = reply else { return None };
    std::str::from_utf8(text).ok()?.strip_prefix("constance ")?.parse().ok()
}

/// Adds the keys that a push names. It names none where everything was flushed.
pub(crate) fn add_keys(keys: &mut ChangedKeys, push: &[Value], prefix: &Prefix) {
    let [Value::Array(named)] = push else { return keys.join(ChangedKeys::everything()) };
    for key in named {
        match key {
            Value::BulkString(key) => prefix.key_of(key).into_iter().for_each(|key| keys.add(key)),
            _ => keys.join(ChangedKeys::everything()),
        }
    }
}

impl RedisWatch {
    /// `location` is where the connection leads to.
    pub(crate) fn open(mut connection: Connection, prefix: &Prefix, location: Option<String>) -> Result<Self> {
        set_timeouts(&connection, PING_TIMEOUT)?;
        let tracked = tracking_command(prefix).exec(&mut connection);
        tracked.map_err(|error| classify(&error).at(location.as_deref()).error)?;
        let shared = Arc::<SharedState>::default();
        let (of_thread, prefix) = (Arc::clone(&shared), prefix.clone());
        let thread = move || {
            // Also where the thread ends by a panic.
            let _guard = EndGuard(&of_thread);
            if let Err(error) = listen(connection, &prefix, &of_thread) {
                let located = match location {
                    Some(location) => error.with_location(location),
                    None => error,
                };
                of_thread.0.update(|state| state.ended = Some(located));
            }
        };
        match thread::Builder::new().name("constance-feed".to_owned()).spawn(thread) {
            Ok(_) => Ok(Self(shared)),
            Err(_) => Err(Error::new(ErrorKind::Unavailable).with_detail("the system gives no more threads")),
        }
    }
}

/// Reads pushes until the watch is dropped or the connection ends.
fn listen(mut connection: Connection, prefix: &Prefix, shared: &SharedState) -> Result<()> {
    // The driver skips one reply for each read that timed out. So two PINGs are sent after a timeout, and the second
    // reply is seen. Pushes are never skipped.
    let pings = cmd("PING").get_packed_command().repeat(2);
    let mut ping_sent = false;
    while !shared.0.lock().dropped {
        let timeout = if ping_sent { PING_TIMEOUT } else { PING_INTERVAL };
        connection.set_read_timeout(Some(timeout)).map_err(|error| classify(&error).error)?;
        match connection.recv_response() {
            Ok(reply) => {
                ping_sent = false;
                shared.take(&reply, prefix);
                if let Some(number) = shared.wait_for_caller() {
                    let ping = proof_command(number).get_packed_command();
                    connection.send_packed_command(&ping).map_err(|error| classify(&error).error)?;
                }
            }
            Err(error) if error.is_timeout() && !ping_sent => {
                connection.send_packed_command(&pings).map_err(|error| classify(&error).error)?;
                ping_sent = true;
            }
            Err(error) if error.is_timeout() => return Err(silent_server_error()),
            // The driver skips a reply for such a read too.
            Err(error) if is_interrupted(&error) => {
                connection
                    .send_packed_command(&cmd("PING").get_packed_command())
                    .map_err(|error| classify(&error).error)?;
            }
            Err(error) => return Err(classify(&error).error),
        }
    }
    Ok(())
}

impl SharedState {
    /// Notes what has arrived.
    fn take(&self, reply: &Value, prefix: &Prefix) {
        self.0.update(|state| match reply {
            Value::Push { kind: PushKind::Invalidate, data } => {
                state.changed = true;
                add_keys(&mut state.keys, data, prefix);
                if state.listener == Listener::Reading && !state.is_away {
                    state.listener = Listener::Told;
                }
            }
            Value::Push { .. } => {}
            reply => {
                state.proven = state.proven.max(proof_of(reply).unwrap_or(0));
                // Another reply may be there in place of one that the driver has skipped: then the proof is asked for again.
                if state.listener == Listener::Proving {
                    state.listener = Listener::Told;
                }
            }
        });
    }

    /// Where the caller has been told: waits until they want a proof, whose number this is, or wait for the next change.
    fn wait_for_caller(&self) -> Option<u64> {
        let end = Instant::now() + CALLER_TIMEOUT;
        let mut state = self.0.lock();
        while state.listener == Listener::Told && !state.dropped {
            if state.asked > state.proven {
                state.listener = Listener::Proving;
                return Some(state.asked);
            }
            let is_late;
            (state, is_late) = self.0.wait_until(state, end);
            if is_late && state.asked == state.proven {
                (state.listener, state.is_away) = (Listener::Reading, true);
            }
        }
        None
    }
}

struct EndGuard<'a>(&'a SharedState);

impl Drop for EndGuard<'_> {
    fn drop(&mut self) {
        self.0.0.update(|state| {
            state.ended.get_or_insert_with(|| Error::new(ErrorKind::Unavailable).with_detail("the feed has ended"));
        });
    }
}

#[deny(clippy::missing_trait_methods)]
impl Watch for RedisWatch {
    fn wait(&mut self, timeout_after: Duration) -> Result<Wake> {
        // A timeout that the clock cannot hold is no timeout.
        let end = Instant::now().checked_add(timeout_after);
        let mut state = self.0.0.lock();
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
            state.is_away = false;
            if state.listener == Listener::Told {
                state.listener = Listener::Reading;
                self.0.0.notify_all();
            }
            match end {
                Some(end) if Instant::now() >= end => return Ok(Wake::TimedOut),
                end => state = self.0.0.wait_until(state, end).0,
            }
        }
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        self.0.0.lock().keys.take()
    }

    /// Only after a change: else nothing reaches the thread, which reads the connection.
    fn catch_up(&mut self) -> Result<bool> {
        let end = Instant::now() + PROOF_TIMEOUT;
        let mut state = self.0.0.lock();
        if state.listener != Listener::Reading {
            state.asked += 1;
            self.0.0.notify_all();
        }
        let (number, mut is_late) = (state.asked, false);
        loop {
            if let Some(error) = &state.ended {
                return Err(error.clone());
            }
            if state.listener == Listener::Reading || is_late {
                return Ok(false);
            }
            if state.proven >= number {
                return Ok(true);
            }
            (state, is_late) = self.0.0.wait_until(state, end);
        }
    }

    fn mode(&self) -> WatchMode {
        WatchMode::Pushed
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let shared = Arc::clone(&self.0);
        Some(Box::new(move || shared.0.update(|state| state.interrupted = true)))
    }
}

impl Drop for RedisWatch {
    fn drop(&mut self) {
        self.0.0.update(|state| state.dropped = true);
    }
}
