//! Begins and ends transactions.

use std::num::NonZeroU32;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::result::Error as DriverError;

use super::{Diagnose, Statement};
use crate::failure::Failure;

/// How often something is begun again that the database rolled back, or that another connection came in between.
pub(crate) const MAX_ATTEMPTS: usize = 8;

/// Begins and ends transactions.
pub trait Transactions: Diagnose {
    /// The statement that begins a transaction which reads first and then writes.
    const BEGIN_WRITE: &'static str;

    /// Begins a transaction with this statement. An application's pool for tests lends connections inside a transaction that is
    /// never committed: there it is a savepoint.
    fn begin(&mut self, statement: &str) -> Result<(), Failure> {
        self.run(Statement::Other, |connection| {
            match AnsiTransactionManager::begin_transaction_sql(connection, statement) {
                Err(DriverError::AlreadyInTransaction) => AnsiTransactionManager::begin_transaction(connection),
                begun => begun,
            }
        })
    }

    /// Commits the innermost transaction or savepoint. Where that fails, the outermost transaction is rolled back.
    fn commit(&mut self) -> Result<(), Failure> {
        Ok(AnsiTransactionManager::commit_transaction(self)?)
    }

    /// How deep the connection is in transactions.
    fn depth(&mut self) -> Result<Option<NonZeroU32>, Failure> {
        Ok(AnsiTransactionManager::transaction_manager_status_mut(self).transaction_depth()?)
    }

    /// Runs `work` in a transaction that has begun, and ends it: it commits where `keep` says so, and rolls back otherwise.
    fn finish_transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
        keep: impl FnOnce(&T) -> bool,
    ) -> Result<T, Failure> {
        let done = work(self);
        if done.as_ref().is_ok_and(keep) {
            let before = self.depth()?;
            if let Err(failure) = self.commit() {
                // diesel leaves a savepoint open that it could not release, and would take the end of the application's
                // transaction for that of the savepoint.
                if self.depth().is_ok_and(|depth| depth.is_some() && depth == before) {
                    let _ = AnsiTransactionManager::rollback_transaction(self);
                }
                return Err(failure);
            }
            return done;
        }
        let rolled_back = AnsiTransactionManager::rollback_transaction(self);
        // The first failure tells more than that of rolling back a transaction that the database ended by itself.
        let value = done?;
        rolled_back?;
        Ok(value)
    }

    /// Runs what only reads, and runs it again where the database rolled it back so that others could go on: where transactions
    /// are serializable by default, a statement alone is one. It is not run again in a transaction, which is rolled back with it.
    fn retry_read<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        for _ in 1..MAX_ATTEMPTS {
            match read(self) {
                Err(failure) if self.depth().is_ok_and(|depth| depth.is_none()) && self.was_rolled_back(&failure) => {}
                done => return done,
            }
        }
        read(self)
    }

    /// Whether the database has ended the application's whole transaction, and not only the savepoint of a call. `depth` is that
    /// of the transaction outside the call. The call has done nothing yet, or is rolled back. Where it is `true`, nothing that is
    /// done next on this connection is stored. Default: no.
    fn has_ended_transaction(&mut self, depth: NonZeroU32) -> bool {
        let _ = depth;
        false
    }
}
