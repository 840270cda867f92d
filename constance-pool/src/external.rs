//! Connections from an r2d2 pool of the application.

use constance_core::{Error, ErrorKind, Result};
use r2d2::{ManageConnection, Pool, PooledConnection};

/// A connection of an r2d2 pool. It waits for a free one as long as the pool's own options say.
///
/// # Errors
///
/// `Timeout` where all connections were in use for too long, `Unavailable` where none could be made. The pool's own error
/// is text of the driver and may show a value, so it is not passed on. The number of open connections tells the two apart.
pub fn get<M: ManageConnection>(pool: &Pool<M>) -> Result<PooledConnection<M>> {
    pool.get().map_err(|_| {
        if pool.state().connections >= pool.max_size() {
            return Error::new(ErrorKind::Timeout)
                .with_detail("no connection of the application's pool came free in time");
        }
        Error::new(ErrorKind::Unavailable).with_detail("the application's pool could not connect in time")
    })
}
