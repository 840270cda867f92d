//! Makes the connections of the pool.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use constance_core::{Error, Result};
use parking_lot::Mutex;
use r2d2::ManageConnection;

use crate::arrivals::{Arrivals, Attempt, Open};
use crate::dialect::{Dialect, Options, Purpose};

/// A pooled connection, and what is known of its health.
pub(crate) struct Session<C: Dialect> {
    pub(crate) connection: C,
    /// Set after any failure that was not a clean answer; the pool then drops the connection.
    pub(crate) broken: bool,
    /// What the target named when the connection was opened.
    pub(crate) mark: C::Mark,
    /// Which of the door's generations it belongs to.
    pub(crate) generation: u64,
    /// When it last came back.
    pub(crate) idle_since: Instant,
    /// When it was last seen that the target still names that.
    pub(crate) looked_at: Instant,
    /// The last field: it counts as open until it is closed.
    _open: Open,
}

/// Opens connections for r2d2.
///
/// diesel's own manager keeps a connection that failed, and cannot say why connecting failed.
pub(crate) struct Manager<C: Dialect>(pub(crate) Arc<Door<C>>);

/// Where connections come from, shared by the manager inside the pool and those who ask the pool.
pub(crate) struct Door<C: Dialect> {
    pub(crate) target: C::Target,
    pub(crate) options: Options,
    /// Also why the last connection could not be made, of which r2d2 keeps only the text.
    arrivals: Arc<Arrivals>,
    /// A connection that was made to see whether one can be, for the pool to take over.
    spare: Mutex<Option<Session<C>>>,
    /// Connections of an older generation than this are not used again.
    generation: AtomicU64,
}

impl<C: Dialect> Door<C> {
    pub(crate) fn new(target: C::Target, options: Options) -> Self {
        Self { target, options, arrivals: Arc::default(), spare: Mutex::new(None), generation: AtomicU64::new(0) }
    }

    /// Where no connection is open, makes one now and puts it aside for the pool, so that one that cannot be made fails here, at
    /// once: r2d2 tries again and again until its timeout is over. Of those who come at the same time one does it, and the
    /// others have what comes of it: else the pool's size would be no limit.
    pub(crate) fn probe(&self) -> Result<()> {
        let Some(attempt) = self.arrivals.probe()? else { return Ok(()) };
        let session = self.connect(&attempt)?;
        // The pool waits for the end of the attempt, and so finds it here.
        *self.spare.lock() = Some(session);
        drop(attempt);
        Ok(())
    }

    /// Why the last try to connect failed, if it did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.arrivals.failure()
    }

    /// Whether a connection of this generation may be used.
    pub(crate) fn is_current(&self, generation: u64) -> bool {
        self.generation.load(Ordering::Acquire) == generation
    }

    /// Gives up every connection made so far, unless that happened since this generation: when one of them died while it
    /// lay idle, its like have died with it.
    pub(crate) fn retire(&self, generation: u64) {
        // A failure means that somebody else has done it.
        let _ = self.generation.compare_exchange(generation, generation + 1, Ordering::AcqRel, Ordering::Acquire);
    }

    fn connect(&self, attempt: &Attempt) -> Result<Session<C>> {
        // Looked at before the connection is made: if the target is replaced in between, the connection counts as out of
        // date and is made anew. The other way round it would pass for the new one.
        let mark = C::mark(&self.target);
        let generation = self.generation.load(Ordering::Acquire);
        let connection =
            C::open(&self.target, Purpose::Serve, &self.options).inspect_err(|error| attempt.failed(error))?;
        let (now, open) = (Instant::now(), attempt.succeeded());
        Ok(Session { connection, broken: false, mark, generation, idle_since: now, looked_at: now, _open: open })
    }
}

impl<C: Dialect> ManageConnection for Manager<C> {
    type Connection = Session<C>;
    type Error = Error;

    fn connect(&self) -> Result<Session<C>> {
        let attempt = self.0.arrivals.of_pool()?;
        // Taken in a statement of its own: the lock must not be held while a connection is made.
        let spare = self.0.spare.lock().take();
        spare.map_or_else(|| self.0.connect(&attempt), Ok)
    }

    /// Not asked: the pool is built without a test on checkout, which would double the price of a read.
    fn is_valid(&self, _: &mut Session<C>) -> Result<()> {
        Ok(())
    }

    fn has_broken(&self, session: &mut Session<C>) -> bool {
        session.broken || std::thread::panicking() || session.connection.is_broken()
    }
}

impl<C: Dialect> fmt::Debug for Manager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Manager({})", C::NAME)
    }
}
