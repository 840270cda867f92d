//! Makes the connections of the pool.

use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use constance_pool::Worker;

use crate::dialect::{Dialect, Options, Purpose};

/// A pooled connection.
pub(crate) struct Session<C: Dialect> {
    /// `None` where a call took longer than it may: the connection stays in the thread that the call runs in.
    connection: Option<C>,
    /// The thread of its own, where calls are bounded.
    worker: Option<Worker>,
    /// What the target named when the connection was opened.
    pub(crate) mark: C::Mark,
    /// When it was last seen that the target still names that.
    pub(crate) looked_at: Instant,
}

/// Opens connections.
///
/// diesel's own manager keeps a connection that failed, and cannot say why connecting failed.
pub(crate) struct Manager<C: Dialect> {
    pub(crate) target: C::Target,
    pub(crate) options: Options,
}

impl<C: Dialect> Session<C> {
    /// The connection, where no call has been given up on it.
    pub(crate) fn connection(&mut self) -> Result<&mut C> {
        self.connection.as_mut().ok_or_else(given_up)
    }

    /// Does `work` in the connection's own thread, and waits no longer than this. A connection that takes longer is given up.
    pub(crate) fn run_within<T: Send + 'static>(
        &mut self,
        within: Duration,
        work: impl FnOnce(&mut C) -> T + Send + 'static,
    ) -> Result<T> {
        let mut connection = self.connection.take().ok_or_else(given_up)?;
        let worker = self.worker.take().map_or_else(Worker::start, Ok)?;
        let (worker, (connection, done)) = worker.run(within, move || {
            let done = work(&mut connection);
            (connection, done)
        })?;
        (self.connection, self.worker) = (Some(connection), Some(worker));
        Ok(done)
    }
}

fn given_up() -> Error {
    Error::new(ErrorKind::Unavailable).with_detail("a call on this connection took too long")
}

impl<C: Dialect> constance_pool::Manager for Manager<C> {
    type Connection = Session<C>;

    fn connect(&self, within: Duration) -> Result<Session<C>> {
        // Looked at before the connection is made: if the target is replaced in between, the connection counts as out of
        // date and is made anew. The other way round it would pass for the new one.
        let mark = C::mark(&self.target);
        let (connection, worker) = if self.options.call_timeout.is_some() {
            let (target, options) = (self.target.clone(), self.options.clone());
            let open = move || C::open(&target, Purpose::Serve, &options);
            let (worker, opened) = Worker::start()?.run(within, open)?;
            (opened?, Some(worker))
        } else {
            (C::open(&self.target, Purpose::Serve, &self.options)?, None)
        };
        Ok(Session { connection: Some(connection), worker, mark, looked_at: Instant::now() })
    }

    fn check(&self, session: &mut Session<C>, within: Duration) -> Result<()> {
        if !C::NETWORK {
            return Ok(());
        }
        let answer = match self.options.call_timeout {
            Some(_) => session.run_within(within, C::ping)?,
            None => session.connection()?.ping(),
        };
        answer.map_err(|_| Error::new(ErrorKind::Unavailable))
    }

    fn is_broken(&self, session: &mut Session<C>) -> bool {
        session.connection.as_mut().is_none_or(|connection| connection.is_broken())
    }
}
