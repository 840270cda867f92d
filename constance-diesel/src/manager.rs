//! Makes the connections of the pool.

use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use constance_pool::Worker;

use crate::dialect::{ConnectTarget, Dialect, FileId, Purpose};
use crate::on_worker::OnWorker;
use crate::options::Options;

/// A pooled connection.
pub(crate) struct PooledConnection<C: Dialect> {
    pub(crate) connection: OnWorker<C>,
    /// The file that the target named when the connection was opened.
    pub(crate) file_id: Option<FileId>,
    /// When it was last seen that the target still names that file.
    pub(crate) checked_at: Instant,
}

/// Opens connections.
///
/// diesel's own manager keeps a connection that failed, and cannot say why connecting failed.
pub(crate) struct Manager<C: Dialect> {
    pub(crate) target: C::Target,
    pub(crate) options: Options,
}

/// Opens a connection; an error says where it should have led.
pub(crate) fn open<C: Dialect>(target: &C::Target, purpose: Purpose, options: &Options) -> Result<C> {
    C::open(target, purpose, options).map_err(|error| match target.location() {
        Some(location) => error.with_location(location),
        None => error,
    })
}

impl<C: Dialect> constance_pool::Manager for Manager<C> {
    type Connection = PooledConnection<C>;

    fn connect(&self, within: Duration) -> Result<PooledConnection<C>> {
        // Looked at before the connection is made: if the target is replaced in between, the connection counts as out of
        // date and is made anew. The other way round it would pass for the new one.
        let file_id = self.target.file_id();
        let (connection, worker) = if self.options.call_timeout.is_some() {
            let (target, options) = (self.target.clone(), self.options.clone());
            let open = move || open::<C>(&target, Purpose::Serve, &options);
            let (worker, opened) = Worker::start()?.run(within, open)?;
            (opened?, Some(worker))
        } else {
            (open::<C>(&self.target, Purpose::Serve, &self.options)?, None)
        };
        Ok(PooledConnection { connection: OnWorker::new(connection, worker), file_id, checked_at: Instant::now() })
    }

    fn check(&self, pooled: &mut PooledConnection<C>, within: Duration) -> Result<()> {
        if !C::HAS_NETWORK {
            return Ok(());
        }
        let answer = match self.options.call_timeout {
            Some(_) => pooled.connection.run_within(within, C::ping)?,
            None => pooled.connection.get()?.ping(),
        };
        answer.map_err(|_| Error::new(ErrorKind::Unavailable))
    }

    fn is_broken(&self, pooled: &mut PooledConnection<C>) -> bool {
        pooled.connection.get().map_or(true, |connection| connection.is_broken())
    }
}
