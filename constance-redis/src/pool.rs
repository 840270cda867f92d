//! A pool of our own.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_core::{Cause, Error, ErrorKind, Result};
use r2d2::{NopErrorHandler, PooledConnection};
use redis::ConnectionLike;

use crate::connections::{Connections, Lease};
use crate::error::fault;
use crate::manager::{Door, Manager};

/// Connections that are kept between calls, and made when they are needed.
pub(crate) struct Pool {
    pool: r2d2::Pool<Manager>,
    door: Arc<Door>,
}

/// A connection of the pool.
struct Own<'p> {
    session: PooledConnection<Manager>,
    door: &'p Door,
    used: bool,
}

impl Pool {
    /// A pool that makes its first connection when the first is asked for.
    pub(crate) fn open(door: Door, size: u32, acquire_timeout: Duration) -> Self {
        let door = Arc::new(door);
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(acquire_timeout)
            // The default handler logs what the driver says.
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(Manager(Arc::clone(&door)));
        Self { pool, door }
    }

    /// A connection that is not known to be closed.
    fn own(&self) -> Result<Own<'_>> {
        // One more than there can be of those that were made before the last restart that was noticed.
        for _ in 0..=self.pool.max_size() {
            let mut session = self.checkout()?;
            if session.era == self.door.era() {
                let used = std::mem::replace(&mut session.used, true);
                return Ok(Own { session, door: &self.door, used });
            }
            session.broken = true;
        }
        Err(closing())
    }

    fn checkout(&self) -> Result<PooledConnection<Manager>> {
        if let Some(session) = self.pool.try_get() {
            return Ok(session);
        }
        if self.pool.state().connections < self.pool.max_size() {
            self.door.probe()?;
        }
        self.pool.get().map_err(|_| {
            self.door.failure().unwrap_or_else(|| {
                let text = format!("{} connections are in use", self.pool.max_size());
                Error::new(ErrorKind::Timeout)
                    .with_detail("no connection of the pool came free in time")
                    .with_cause(Cause::new("r2d2").with_code("timeout").with_text(text))
            })
        })
    }
}

impl Connections for Pool {
    fn lend(&self) -> Result<Box<dyn Lease + '_>> {
        Ok(Box::new(self.own()?))
    }

    fn lend_for_change(&self) -> Result<Box<dyn Lease + '_>> {
        for _ in 0..=self.pool.max_size() {
            let mut own = self.own()?;
            if !own.session.is_rested() {
                return Ok(Box::new(own));
            }
            // One question after a rest, so that a restart of the server costs no change.
            match redis::cmd("PING").exec(&mut *own.session).map_err(|error| fault(&error)) {
                Err(fault) if fault.gone => own.failed(true),
                Err(fault) if fault.broken => {
                    own.failed(false);
                    return Err(fault.error);
                }
                // An answer, whatever it says, is a sign of life.
                _ => return Ok(Box::new(own)),
            }
        }
        Err(closing())
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn can_dedicate(&self) -> bool {
        true
    }

    fn dedicate(&self) -> Result<redis::Connection> {
        self.door.dedicate()
    }
}

fn closing() -> Error {
    Error::new(ErrorKind::Unavailable).with_detail("the server closes its connections again and again")
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        self.session.seen = Instant::now();
    }
}

impl Lease for Own<'_> {
    fn connection(&mut self) -> &mut dyn ConnectionLike {
        &mut *self.session
    }

    fn is_used(&self) -> bool {
        self.used
    }

    fn failed(&mut self, gone: bool) {
        self.session.broken = true;
        if gone {
            self.door.end(self.session.era);
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pool, door } = self;
        f.debug_struct("Pool").field("state", &pool.state()).field("target", &door.way).finish()
    }
}
