//! A pool of our own.

use std::time::Duration;

use constance_core::Result;
use constance_pool::{PoolOptions, Purpose};
use redis::ConnectionLike;

use crate::connections::{Connections, Lease};
use crate::manager::Manager;
use crate::way::Way;

/// Connections that are kept between calls, and made when they are needed.
pub(crate) type Pool = constance_pool::Pool<Manager>;

/// How large a pool is, and how long anything may take.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) pool_size: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) acquire_timeout: Duration,
}

impl Limits {
    /// A pool that makes its first connection when the first is asked for.
    pub(crate) fn open(&self, way: impl Into<Way>) -> Pool {
        let &Self { pool_size, connect_timeout, response_timeout, acquire_timeout } = self;
        let options = PoolOptions::new().max_size(pool_size);
        let options = options.acquire_timeout(acquire_timeout).connect_timeout(connect_timeout);
        options.open(Manager { way: way.into(), connect_timeout, response_timeout })
    }
}

impl Connections for Pool {
    fn lend(&self) -> Result<Box<dyn Lease + '_>> {
        Ok(Box::new(self.get(Purpose::Read)?))
    }

    fn lend_for_change(&self) -> Result<Box<dyn Lease + '_>> {
        Ok(Box::new(self.get(Purpose::Write)?))
    }

    fn describe(&self) -> String {
        format!("{self:?}, {:?}", self.manager().way)
    }

    fn can_dedicate(&self) -> bool {
        true
    }

    fn dedicate(&self) -> Result<redis::Connection> {
        self.manager().dedicate()
    }
}

impl Lease for constance_pool::Lease<'_, Manager> {
    fn connection(&mut self) -> &mut dyn ConnectionLike {
        &mut **self
    }

    fn is_used(&self) -> bool {
        constance_pool::Lease::is_used(self)
    }

    fn failed(&mut self, gone: bool) {
        if gone {
            self.retire();
        } else {
            self.discard();
        }
    }
}
