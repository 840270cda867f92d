//! Hands out connections, from our own pool or the application's.

use std::fmt;
use std::ops::DerefMut;
use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_core::{Cause, Error, ErrorKind, Result};
use r2d2::{ManageConnection, NopErrorHandler, PooledConnection};

use crate::dialect::{Dialect, Options};
use crate::error::Fault;
use crate::manager::{Door, Manager};

/// Where the backend gets its connections.
pub(crate) enum Pool<C: Dialect> {
    /// Our own pool, made from a URL.
    Own { pool: r2d2::Pool<Manager<C>>, door: Arc<Door<C>> },
    /// A pool that the application made.
    Brought(Arc<dyn Brought<C>>),
}

/// A pool of the application's, whatever its manager is.
pub(crate) trait Brought<C>: Send + Sync {
    /// A connection, once one is free.
    fn lend(&self) -> Result<Box<dyn DerefMut<Target = C>>>;
}

/// A connection for one operation; it goes back when it is dropped.
pub(crate) enum Lease<C: Dialect> {
    Own(PooledConnection<Manager<C>>),
    Brought(Box<dyn DerefMut<Target = C>>),
}

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Reading,
    Writing,
}

/// After how long in the pool a connection is asked for a sign of life before a write.
const ASLEEP: Duration = Duration::from_secs(1);

/// For how long a read trusts that the database was not replaced: looking costs a fifth of reading one key.
const TRUSTED: Duration = Duration::from_millis(100);

impl<C: Dialect> Pool<C> {
    /// A pool that makes its first connection when the first is asked for.
    pub(crate) fn open(target: C::Target, size: u32, acquire_timeout: Duration, options: Options) -> Self {
        let door = Arc::new(Door::new(target, options));
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(acquire_timeout)
            // The default handler logs what the driver says.
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(Manager(Arc::clone(&door)));
        Self::Own { pool, door }
    }

    /// A connection that leads to what the target names now.
    pub(crate) fn lease(&self, wanted: For) -> Result<Lease<C>> {
        let (pool, door) = match self {
            Self::Own { pool, door } => (pool, door),
            Self::Brought(brought) => return brought.lend().map(Lease::Brought),
        };
        // A file that was replaced leaves every pooled connection on the old one, where reads are out of date and writes
        // are lost without an error. So a write always looks.
        for _ in 0..=pool.max_size() {
            let mut session = checkout(pool, door)?;
            if !door.is_current(session.generation) {
                session.broken = true;
                continue;
            }
            // A write is sent once: whether a connection that died had taken it, nobody knows. So one that may have died while
            // it lay idle is asked first.
            let asleep = C::NETWORK && session.idle_since.elapsed() > ASLEEP;
            if asleep && wanted == For::Writing && session.connection.ping().is_err() {
                session.broken = true;
                door.retire(session.generation);
                continue;
            }
            if wanted == For::Reading && session.looked_at.elapsed() < TRUSTED {
                return Ok(Lease::Own(session));
            }
            if session.mark == C::mark(&door.target) {
                session.looked_at = Instant::now();
                return Ok(Lease::Own(session));
            }
            session.broken = true;
        }
        Err(Error::new(ErrorKind::Unavailable).with_detail("the database is being replaced again and again"))
    }

    /// Runs `work` on a connection and gives the connection back.
    ///
    /// The driver's error becomes one of ours here, while there is still a connection to ask. Reading is tried once more
    /// where the connection died before it was asked.
    pub(crate) fn run<T>(&self, wanted: For, work: impl Fn(&mut C) -> Result<T, diesel::result::Error>) -> Result<T> {
        let mut again = true;
        loop {
            let mut lease = self.lease(wanted)?;
            let error = match work(lease.connection()) {
                Ok(done) => {
                    lease.answered();
                    return Ok(done);
                }
                Err(error) => error,
            };
            let fault = lease.connection().fault(&error);
            again &= C::NETWORK && wanted == For::Reading && fault.broken;
            if let (true, Self::Own { door, .. }, Lease::Own(session)) = (again, self, &lease) {
                door.retire(session.generation);
            }
            // The connection goes back before another is asked for: the pool may have no other place.
            let error = lease.finish(fault);
            if !std::mem::take(&mut again) {
                return Err(error);
            }
        }
    }
}

fn checkout<C: Dialect>(pool: &r2d2::Pool<Manager<C>>, door: &Door<C>) -> Result<PooledConnection<Manager<C>>> {
    if let Some(session) = pool.try_get() {
        return Ok(session);
    }
    door.probe()?;
    pool.get().map_err(|_| {
        door.failure().unwrap_or_else(|| {
            Error::new(ErrorKind::Timeout).with_detail("no connection of the pool came free in time").with_cause(
                Cause::new("r2d2")
                    .with_code("timeout")
                    .with_text(format!("{} connections are in use", pool.max_size())),
            )
        })
    })
}

impl<C: Dialect> Lease<C> {
    pub(crate) fn connection(&mut self) -> &mut C {
        match self {
            Self::Own(session) => &mut session.connection,
            Self::Brought(connection) => connection,
        }
    }

    /// Notes that the connection works.
    fn answered(&mut self) {
        if let (Self::Own(session), true) = (self, C::NETWORK) {
            session.idle_since = Instant::now();
        }
    }

    /// Notes whether the connection may be used again, and gives the error out.
    pub(crate) fn finish(&mut self, fault: Fault) -> Error {
        match self {
            Self::Own(session) => session.broken |= fault.broken,
            // What becomes of it is the business of the manager that the application chose.
            Self::Brought(_) => {}
        }
        fault.error
    }
}

impl<C, M> Brought<C> for r2d2::Pool<M>
where
    C: Dialect,
    M: ManageConnection<Connection = C>,
{
    fn lend(&self) -> Result<Box<dyn DerefMut<Target = C>>> {
        match self.get() {
            Ok(connection) => Ok(Box::new(connection)),
            // The pool's error is driver text. How many connections it has tells enough.
            Err(_) if self.state().connections >= self.max_size() => {
                Err(Error::new(ErrorKind::Timeout)
                    .with_detail("no connection of the application's pool came free in time"))
            }
            Err(_) => {
                Err(Error::new(ErrorKind::Unavailable).with_detail("the application's pool could not connect in time"))
            }
        }
    }
}

impl<C: Dialect> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The door holds the target, which may hold a password.
            Self::Own { pool, door: _ } => f.debug_tuple("Own").field(&pool.state()).finish(),
            Self::Brought(_) => f.write_str("Brought"),
        }
    }
}
