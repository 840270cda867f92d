//! Hands out connections, from our own pool or the application's.

use std::fmt;
use std::ops::DerefMut;
use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use constance_pool::{PoolOptions, PooledConnection, Purpose};
use diesel::result::QueryResult;
use r2d2::ManageConnection;

use crate::dialect::{Dialect, Options};
use crate::error::Failure;
use crate::manager::Manager;
use crate::store::again;

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
    fn lend(&self) -> Result<Box<dyn DerefMut<Target = C>>>;
}

/// For how long a read trusts that the database was not replaced: looking costs a fifth of reading one key.
const TRUSTED: Duration = Duration::from_millis(100);

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
    pub(crate) fn run<T>(&self, purpose: Purpose, work: impl Fn(&mut C) -> QueryResult<T>) -> Result<T> {
        repeat::<C, T>(purpose, None, || match self {
            Self::Own(pool) => {
                let mut lease = lease(pool, purpose, None)?;
                let done = ask(lease.connection.get()?, purpose, &work);
                Ok(given_back(pool, lease, purpose, done))
            }
            Self::External(external) => Ok(ask(&mut **external.lend()?, purpose, &work)),
        })
    }

    /// As [`run`](Self::run), and gives up after so long, whatever the server does: `work` runs in another thread, and goes on
    /// there when nobody waits for it any more.
    pub(crate) fn run_within<T: Send + 'static>(
        &self,
        within: Duration,
        purpose: Purpose,
        work: impl Fn(&mut C) -> QueryResult<T> + Send + Sync + 'static,
    ) -> Result<T> {
        // A time too long for the clock is none.
        let (end, work) = (Instant::now().checked_add(within), Arc::new(work));
        match self {
            Self::Own(pool) => repeat::<C, T>(purpose, end, || {
                let mut lease = lease(pool, purpose, end)?;
                let left = end.map_or(within, |end| end.saturating_duration_since(Instant::now()));
                let work = Arc::clone(&work);
                let done = lease.connection.run_within(left, move |connection| ask(connection, purpose, &*work));
                Ok(given_back(pool, lease, purpose, done.unwrap_or_else(|error| Err(Failure::broken(error)))))
            }),
            Self::External(external) => {
                let external = Arc::clone(external);
                constance_pool::run_with_timeout(within, move || {
                    repeat::<C, T>(purpose, end, || Ok(ask(&mut **external.lend()?, purpose, &*work)))
                })
            }
        }
    }
}

/// A connection that leads to what the target names now.
fn lease<C: Dialect>(
    pool: &constance_pool::Pool<Manager<C>>,
    purpose: Purpose,
    end: Option<Instant>,
) -> Result<PooledConnection<'_, Manager<C>>> {
    // A file that was replaced leaves every pooled connection on the old one, where reads are out of date and writes are
    // lost without an error. So a write always looks.
    for _ in 0..=pool.max_size() {
        let mut lease = pool.get_until(purpose, end)?;
        if purpose == Purpose::Read && lease.looked_at.elapsed() < TRUSTED {
            return Ok(lease);
        }
        if lease.mark == C::mark(&pool.manager().target) {
            lease.looked_at = Instant::now();
            return Ok(lease);
        }
        lease.discard();
    }
    Err(Error::new(ErrorKind::Unavailable).with_detail("the database is being replaced again and again"))
}

/// Does `work`, and names its failure.
fn ask<C: Dialect, T>(
    connection: &mut C,
    purpose: Purpose,
    work: &impl Fn(&mut C) -> QueryResult<T>,
) -> Result<T, Failure> {
    let done = match purpose {
        Purpose::Read => again(connection, work),
        _ => work(connection),
    };
    done.map_err(|error| connection.failure(&error))
}

/// Gives the connection back before another one is asked for: the pool may have no other place. Says where it led to, if it
/// has failed.
fn given_back<C: Dialect, T>(
    pool: &constance_pool::Pool<Manager<C>>,
    mut lease: PooledConnection<'_, Manager<C>>,
    purpose: Purpose,
    done: Result<T, Failure>,
) -> Result<T, Failure> {
    match &done {
        // When one of them died while it lay idle, its like have died with it. A call that took too long says nothing of them.
        Err(failure)
            if failure.broken
                && C::NETWORK
                && purpose == Purpose::Read
                && failure.error.kind() != ErrorKind::Timeout =>
        {
            lease.discard_all();
        }
        Err(failure) if failure.broken => lease.discard(),
        _ => {}
    }
    done.map_err(|failure| match C::location(&pool.manager().target).filter(|_| failure.broken && C::NETWORK) {
        Some(location) => Failure { error: failure.error.with_location(location), ..failure },
        None => failure,
    })
}

/// Reading is tried once more where the connection died before it was asked. The outer error is final.
fn repeat<C: Dialect, T>(
    purpose: Purpose,
    end: Option<Instant>,
    mut attempt: impl FnMut() -> Result<Result<T, Failure>>,
) -> Result<T> {
    let may_repeat = C::NETWORK && purpose == Purpose::Read;
    let done = match attempt()? {
        Err(failure) if may_repeat && failure.broken && end.is_none_or(|end| Instant::now() < end) => attempt()?,
        done => done,
    };
    done.map_err(|failure| failure.error)
}

impl<C, M> ExternalPool<C> for r2d2::Pool<M>
where
    C: Dialect,
    M: ManageConnection<Connection = C>,
{
    fn lend(&self) -> Result<Box<dyn DerefMut<Target = C>>> {
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
