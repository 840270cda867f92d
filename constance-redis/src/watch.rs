//! Following changes by client tracking.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use constance_core::{
    Error, ErrorKind, Prefix, Result,
    backend::{Cause, Wake, Watch},
};
use parking_lot::{Condvar, Mutex};
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
struct SharedState {
    state: Mutex<State>,
    updated: Condvar,
}

#[derive(Default)]
struct State {
    changed: bool,
    interrupted: bool,
    /// Why the thread has ended.
    ended: Option<Error>,
    dropped: bool,
}

impl RedisWatch {
    /// `location` is where the connection leads to.
    pub(crate) fn open(mut connection: Connection, prefix: &Prefix, location: Option<String>) -> Result<Self> {
        set_timeouts(&connection, PING_TIMEOUT)?;
        let tracked = tracking_command(prefix).exec(&mut connection);
        tracked.map_err(|error| classify(&error).at(location.as_deref()).error)?;
        let shared = Arc::<SharedState>::default();
        let of_thread = Arc::clone(&shared);
        let thread = move || {
            // Also where the thread ends by a panic.
            let _guard = EndGuard(&of_thread);
            if let Err(error) = listen(connection, &of_thread) {
                let located = match location {
                    Some(location) => error.with_location(location),
                    None => error,
                };
                of_thread.update(|state| state.ended = Some(located));
            }
        };
        match thread::Builder::new().name("constance-feed".to_owned()).spawn(thread) {
            Ok(_) => Ok(Self(shared)),
            Err(_) => Err(Error::new(ErrorKind::Unavailable).with_detail("the system gives no more threads")),
        }
    }
}

/// Reads pushes until the watch is dropped or the connection ends.
fn listen(mut connection: Connection, shared: &SharedState) -> Result<()> {
    // The driver skips one reply for each read that timed out. So two PINGs are sent after a timeout, and the second
    // reply is seen. Pushes are never skipped.
    let pings = cmd("PING").get_packed_command().repeat(2);
    let mut ping_sent = false;
    while !shared.state.lock().dropped {
        let timeout = if ping_sent { PING_TIMEOUT } else { PING_INTERVAL };
        connection.set_read_timeout(Some(timeout)).map_err(|error| classify(&error).error)?;
        match connection.recv_response() {
            Ok(reply) => {
                ping_sent = false;
                if matches!(reply, Value::Push { kind: PushKind::Invalidate, .. }) {
                    shared.update(|state| state.changed = true);
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
    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.updated.notify_all();
    }
}

struct EndGuard<'a>(&'a SharedState);

impl Drop for EndGuard<'_> {
    fn drop(&mut self) {
        self.0.update(|state| {
            state.ended.get_or_insert_with(|| Error::new(ErrorKind::Unavailable).with_detail("the feed has ended"));
        });
    }
}

impl Watch for RedisWatch {
    fn wait(&mut self, timeout_after: Duration) -> Result<Wake> {
        // A timeout that the clock cannot hold is no timeout.
        let end = Instant::now().checked_add(timeout_after);
        let mut state = self.0.state.lock();
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
                None => self.0.updated.wait(&mut state),
                Some(end) if Instant::now() < end => drop(self.0.updated.wait_until(&mut state, end)),
                Some(_) => return Ok(Wake::TimedOut),
            }
        }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let shared = Arc::clone(&self.0);
        Some(Box::new(move || shared.update(|state| state.interrupted = true)))
    }
}

impl Drop for RedisWatch {
    fn drop(&mut self) {
        self.0.update(|state| state.dropped = true);
    }
}
