//! Connections from a pool that the application made with r2d2.

use constance_core::{Error, ErrorKind, Result};
use r2d2::{ManageConnection, Pool, PooledConnection};

/// A connection of such a pool, once one is free. The pool's own options hold.
///
/// # Errors
///
/// `Timeout` where all of them were in use for too long, `Unavailable` where none could be made. The pool's own error is text of
/// the driver and is not passed on: how many connections it has tells enough.
pub fn get<M: ManageConnection>(pool: &Pool<M>) -> Result<PooledConnection<M>> {
    pool.get().map_err(|_| {
        if pool.state().connections >= pool.max_size() {
            return Error::new(ErrorKind::Timeout)
                .with_detail("no connection of the application's pool came free in time");
        }
        Error::new(ErrorKind::Unavailable).with_detail("the application's pool could not connect in time")
    })
}
