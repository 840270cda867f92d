//! A pool of our own.

use constance_core::Result;
use constance_pool::Purpose;
use redis::ConnectionLike;

use crate::connections::{Connections, Lease};
use crate::manager::Manager;

/// Connections that are kept between calls, and made when they are needed.
pub(crate) type Pool = constance_pool::Pool<Manager>;

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
