//! A feed of changes that the server pushes.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use constance_core::{Cause, Error, ErrorKind, Prefix, Result, Wake, Watch};
use parking_lot::{Condvar, Mutex};
use redis::{Cmd, Connection, PushKind, Value, cmd};

use crate::error::{fault, is_interrupted, timeout};

/// How long a server may say nothing before it is asked for a sign of life. With two `PING`s each time, a process with two feeds
/// sends 30 a minute.
pub(crate) const ASK: Duration = Duration::from_secs(8);

/// How long it may take to give one: with the above, a server that has fallen silent is given up after 12 seconds at most.
pub(crate) const PATIENCE: Duration = Duration::from_secs(4);

/// The command that makes a connection a feed.
pub(crate) fn tracking(prefix: &Prefix) -> Cmd {
    let mut track = cmd("CLIENT");
    track.arg("TRACKING").arg("ON").arg("BCAST");
    // Without a prefix it tells of every key.
    if !prefix.as_str().is_empty() {
        track.arg("PREFIX").arg(prefix.as_str());
    }
    track
}

/// The error for a server that gave no sign of life.
pub(crate) fn silent() -> Error {
    timeout().with_detail("the server has fallen silent")
}

/// A user who may not follow changes will not come to have the right while the service runs: that is a reason to poll, and
/// not to try again and again.
pub(crate) fn without_right(error: Error) -> Error {
    if error.cause().and_then(Cause::code) != Some("NOPERM") {
        return error;
    }
    Error::new(ErrorKind::Unsupported)
        .with_detail("the user may not follow changes")
        .with_hint("give it the right to HELLO and CLIENT")
}

/// Client-side caching of Redis, in the form that tells of every key with a prefix, whoever changes it.
///
/// A thread has the connection, so that a read can be as long as the server is quiet, and who waits can be interrupted at
/// once. The thread ends with the connection, or with the first read that ends after this was dropped.
pub(crate) struct Feed(Arc<News>);

/// What the thread and its feed tell each other.
#[derive(Default)]
struct News {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    changed: bool,
    interrupted: bool,
    /// Why nothing more will come.
    ended: Option<Error>,
    dropped: bool,
}

impl Feed {
    pub(crate) fn open(mut connection: Connection, prefix: &Prefix) -> Result<Self> {
        connection.set_write_timeout(Some(PATIENCE)).map_err(|error| fault(&error).error)?;
        connection.set_read_timeout(Some(PATIENCE)).map_err(|error| fault(&error).error)?;
        tracking(prefix).exec(&mut connection).map_err(|error| fault(&error).error)?;
        let news = Arc::<News>::default();
        let told = Arc::clone(&news);
        let listening = move || {
            // However the thread ends, also by a panic.
            let _ended = Ended(&told);
            if let Err(error) = listen(connection, &told) {
                told.tell(|state| state.ended = Some(error));
            }
        };
        match thread::Builder::new().name("constance-feed".to_owned()).spawn(listening) {
            Ok(_) => Ok(Self(news)),
            Err(_) => Err(Error::new(ErrorKind::Unavailable).with_detail("the system gives no more threads")),
        }
    }
}

/// Tells of what arrives, until the feed is dropped or the connection ends.
fn listen(mut connection: Connection, news: &News) -> Result<()> {
    // The driver skips a reply for each read that timed out. Nothing else is asked here, and there is one such read for each
    // question: the second answer is seen. Pushes are never skipped.
    let ask = cmd("PING").get_packed_command().repeat(2);
    let mut owes = false;
    while !news.state.lock().dropped {
        let patience = if owes { PATIENCE } else { ASK };
        connection.set_read_timeout(Some(patience)).map_err(|error| fault(&error).error)?;
        match connection.recv_response() {
            Ok(answer) => {
                owes = false;
                if matches!(answer, Value::Push { kind: PushKind::Invalidate, .. }) {
                    news.tell(|state| state.changed = true);
                }
            }
            Err(error) if error.is_timeout() && !owes => {
                connection.send_packed_command(&ask).map_err(|error| fault(&error).error)?;
                owes = true;
            }
            Err(error) if error.is_timeout() => return Err(silent()),
            // Such a read costs a reply as well.
            Err(error) if is_interrupted(&error) => {
                connection
                    .send_packed_command(&cmd("PING").get_packed_command())
                    .map_err(|error| fault(&error).error)?;
            }
            Err(error) => return Err(fault(&error).error),
        }
    }
    Ok(())
}

impl News {
    fn tell(&self, what: impl FnOnce(&mut State)) {
        what(&mut self.state.lock());
        self.arrived.notify_all();
    }
}

struct Ended<'a>(&'a News);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.tell(|state| {
            state.ended.get_or_insert_with(|| Error::new(ErrorKind::Unavailable).with_detail("the feed has ended"));
        });
    }
}

impl Watch for Feed {
    fn wait(&mut self, timeout_after: Duration) -> Result<Wake> {
        // A timeout too long for the clock is none.
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
                None => self.0.arrived.wait(&mut state),
                Some(end) if Instant::now() < end => drop(self.0.arrived.wait_until(&mut state, end)),
                Some(_) => return Ok(Wake::TimedOut),
            }
        }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let news = Arc::clone(&self.0);
        Some(Box::new(move || news.tell(|state| state.interrupted = true)))
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.tell(|state| state.dropped = true);
    }
}
