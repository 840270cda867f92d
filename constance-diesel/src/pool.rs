//! Hands out connections, from our own pool or the application's.

use std::fmt;
use std::ops::DerefMut;
use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use constance_pool::{PoolOptions, PooledConnection, Purpose};
use r2d2::ManageConnection;

use crate::diagnosis::Diagnosis;
use crate::dialect::{ConnectTarget, Dialect};
use crate::failure::Failure;
use crate::manager::Manager;
use crate::options::Options;

/// Where the backend gets its connections.
pub(crate) enum Pool<C: Dialect> {
    /// Our own pool, made from a URL.
    Own(Box<constance_pool::Pool<Manager<C>>>),
    /// A pool that the application made.
    External(Arc<dyn ExternalPool<C>>),
}

/// A pool of the application's, whatever its manager is.
pub(crate) trait ExternalPool<C>: Send + Sync {
    /// A connection, once one is free.
    fn get(&self) -> Result<Box<dyn DerefMut<Target = C>>>;
}

/// How often a read checks that the database file was not replaced: the check takes a fifth of the time of reading one key.
const CHECK_AGAIN_AFTER: Duration = Duration::from_millis(100);

impl<C: Dialect> Pool<C> {
    /// A pool that makes its first connection when the first is asked for.
    pub(crate) fn open(target: C::Target, size: u32, acquire_timeout: Duration, options: Options) -> Self {
        let pool = PoolOptions::new().max_size(size).acquire_timeout(acquire_timeout);
        // Opening bounds itself, some of it by each address.
        Self::Own(Box::new(pool.connect_timeout(Duration::MAX).open(Manager { target, options })))
    }

    /// Runs `work` on a connection and gives the connection back.
    ///
    /// The driver's error becomes one of ours here, while there is still a connection to ask. Reading is tried once more
    /// where the connection died before it was asked.
    pub(crate) fn run<T>(&self, purpose: Purpose, work: impl Fn(&mut C) -> Result<T, Failure>) -> Result<T> {
        retry_once::<C, T>(purpose, None, || match self {
            Self::Own(pool) => {
                let mut connection = checked_out(pool, purpose, None)?;
                let done = run_on(connection.connection.get()?, purpose, &work);
                Ok(give_back(pool, connection, purpose, done))
            }
            Self::External(external) => Ok(run_on(&mut **external.get()?, purpose, &work)),
        })
    }

    /// As [`run`](Self::run), and gives up after so long, whatever the server does: `work` runs in another thread, and goes on
    /// there when nobody waits for it any more.
    pub(crate) fn run_within<T: Send + 'static>(
        &self,
        within: Duration,
        purpose: Purpose,
        work: impl Fn(&mut C) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T> {
        // A time too long for the clock is none.
        let (end, work) = (Instant::now().checked_add(within), Arc::new(work));
        match self {
            Self::Own(pool) => retry_once::<C, T>(purpose, end, || {
                let mut connection = checked_out(pool, purpose, end)?;
                let left = end.map_or(within, |end| end.saturating_duration_since(Instant::now()));
                let work = Arc::clone(&work);
                let done =
                    connection.connection.run_within(left, move |connection| run_on(connection, purpose, &*work));
                Ok(give_back(pool, connection, purpose, done.unwrap_or_else(|error| Err(Diagnosis::broken(error)))))
            }),
            Self::External(external) => {
                let external = Arc::clone(external);
                constance_pool::run_with_timeout(within, move || {
                    retry_once::<C, T>(purpose, end, || Ok(run_on(&mut **external.get()?, purpose, &*work)))
                })
            }
        }
    }
}

/// A connection that leads to the file that the target names now.
fn checked_out<C: Dialect>(
    pool: &constance_pool::Pool<Manager<C>>,
    purpose: Purpose,
    end: Option<Instant>,
) -> Result<PooledConnection<'_, Manager<C>>> {
    // A file that was replaced leaves every pooled connection on the old one, where reads are out of date and writes are
    // lost without an error. So a write always looks.
    for _ in 0..=pool.max_size() {
        let mut connection = pool.get_until(purpose, end)?;
        if purpose == Purpose::Read && connection.checked_at.elapsed() < CHECK_AGAIN_AFTER {
            return Ok(connection);
        }
        if connection.file_id == pool.manager().target.file_id() {
            connection.checked_at = Instant::now();
            return Ok(connection);
        }
        connection.discard();
    }
    Err(Error::new(ErrorKind::Unavailable).with_detail("the database is being replaced again and again"))
}

/// Runs `work`, and finds the cause of its failure.
fn run_on<C: Dialect, T>(
    connection: &mut C,
    purpose: Purpose,
    work: &impl Fn(&mut C) -> Result<T, Failure>,
) -> Result<T, Diagnosis> {
    let done = match purpose {
        Purpose::Read => connection.retry_read(work),
        _ => work(connection),
    };
    done.map_err(|failure| connection.diagnose(&failure))
}

/// Gives the connection back before another one is asked for: the pool may have no other place. Says where it led to, if it
/// has failed.
fn give_back<C: Dialect, T>(
    pool: &constance_pool::Pool<Manager<C>>,
    mut connection: PooledConnection<'_, Manager<C>>,
    purpose: Purpose,
    done: Result<T, Diagnosis>,
) -> Result<T, Diagnosis> {
    match &done {
        // When one of them died while it lay idle, its like have died with it. A call that took too long says nothing of them.
        Err(diagnosis)
            if diagnosis.broken
                && C::HAS_NETWORK
                && purpose == Purpose::Read
                && diagnosis.error.kind() != ErrorKind::Timeout =>
        {
            connection.discard_all();
        }
        Err(diagnosis) if diagnosis.broken => connection.discard(),
        _ => {}
    }
    done.map_err(|diagnosis| match pool.manager().target.location().filter(|_| diagnosis.broken && C::HAS_NETWORK) {
        Some(location) => Diagnosis { error: diagnosis.error.with_location(location), ..diagnosis },
        None => diagnosis,
    })
}

/// Reading is tried once more where the connection died before it was asked. The outer error is final.
fn retry_once<C: Dialect, T>(
    purpose: Purpose,
    end: Option<Instant>,
    mut attempt: impl FnMut() -> Result<Result<T, Diagnosis>>,
) -> Result<T> {
    let may_retry = C::HAS_NETWORK && purpose == Purpose::Read;
    let done = match attempt()? {
        Err(diagnosis) if may_retry && diagnosis.broken && end.is_none_or(|end| Instant::now() < end) => attempt()?,
        done => done,
    };
    done.map_err(|diagnosis| diagnosis.error)
}

impl<C, M> ExternalPool<C> for r2d2::Pool<M>
where
    C: Dialect,
    M: ManageConnection<Connection = C>,
{
    fn get(&self) -> Result<Box<dyn DerefMut<Target = C>>> {
        Ok(Box::new(constance_pool::external::get(self)?))
    }
}

impl<C: Dialect> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The manager holds the target, which may hold a password.
            Self::Own(pool) => f.debug_tuple("Own").field(pool).finish(),
            Self::External(_) => f.write_str("ExternalPool"),
        }
    }
}
