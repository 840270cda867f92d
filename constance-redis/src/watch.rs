//! A feed of changes that the server pushes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use constance_core::{Cause, Error, ErrorKind, Prefix, Result, Wake, Watch};
use redis::{Connection, PushKind, Value, cmd};

use crate::error::{fault, timeout};

/// How long a wait is deaf to its interrupter.
const TICK: Duration = Duration::from_millis(100);

/// How often the server is asked whether it is there.
const ASK: Duration = Duration::from_secs(2);

/// How long it may take to say so.
const PATIENCE: Duration = Duration::from_secs(6);

/// Client-side caching of Redis, in the form that tells of every key with a prefix, whoever changes it.
///
/// Nothing but pushes is read on this connection: the driver skips as many replies as reads have timed out. Signs of life
/// are asked for in numbers that allow for that.
pub(crate) struct Feed {
    connection: Connection,
    interrupted: Arc<AtomicBool>,
    /// How many replies the driver is going to skip, at most.
    skipped: usize,
    /// When the server was asked for a sign of life.
    asked: Instant,
    /// Since when it owes one.
    owed: Option<Instant>,
}

impl Feed {
    pub(crate) fn open(mut connection: Connection, prefix: &Prefix) -> Result<Self> {
        let mut track = cmd("CLIENT");
        track.arg("TRACKING").arg("ON").arg("BCAST");
        // Without a prefix it tells of every key.
        if !prefix.as_str().is_empty() {
            track.arg("PREFIX").arg(prefix.as_str());
        }
        connection.set_write_timeout(Some(PATIENCE)).map_err(|error| fault(&error).error)?;
        connection.set_read_timeout(Some(PATIENCE)).map_err(|error| fault(&error).error)?;
        track.exec(&mut connection).map_err(|error| fault(&error).error)?;
        Ok(Self { connection, interrupted: Arc::default(), skipped: 0, asked: Instant::now(), owed: None })
    }

    /// Asks for a sign of life, without waiting for it.
    fn ask(&mut self) -> Result<()> {
        let ping = cmd("PING").get_packed_command();
        // One more than the driver skips: the last is seen.
        let pings = ping.repeat(self.skipped + 1);
        self.connection.send_packed_command(&pings).map_err(|error| fault(&error).error)?;
        self.asked = Instant::now();
        self.owed.get_or_insert(self.asked);
        Ok(())
    }
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

impl Watch for Feed {
    fn wait(&mut self, timeout_after: Duration) -> Result<Wake> {
        // A timeout too long for the clock is none.
        let end = Instant::now().checked_add(timeout_after);
        loop {
            if self.interrupted.swap(false, Ordering::AcqRel) {
                return Ok(Wake::Interrupted);
            }
            let left = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));
            let tick = left.clamp(Duration::from_millis(1), TICK);
            self.connection.set_read_timeout(Some(tick)).map_err(|error| fault(&error).error)?;
            match self.connection.recv_response() {
                Ok(Value::Push { kind: PushKind::Invalidate, .. }) => return Ok(Wake::Changed),
                Ok(Value::Push { .. }) => continue,
                Ok(_) => {
                    self.owed = None;
                    self.skipped = 0;
                    continue;
                }
                Err(error) if error.is_timeout() => self.skipped += 1,
                Err(error) => return Err(fault(&error).error),
            }
            // Only here, with nothing left to read: what came while nobody waited is not late.
            if self.owed.is_some_and(|since| since.elapsed() > PATIENCE) {
                return Err(timeout().with_detail("the server has fallen silent"));
            }
            if left.is_zero() {
                return Ok(Wake::TimedOut);
            }
            if self.asked.elapsed() > ASK {
                self.ask()?;
            }
        }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let interrupted = Arc::clone(&self.interrupted);
        Some(Box::new(move || interrupted.store(true, Ordering::Release)))
    }
}
