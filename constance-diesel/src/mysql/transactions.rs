//! Begins and ends transactions.

use std::num::NonZeroU32;

use diesel::connection::{
    AnsiTransactionManager, SimpleConnection, TransactionDepthChange, TransactionManager, TransactionManagerStatus,
};
use diesel::mysql::MysqlConnection;
use diesel::result::Error as DriverError;

use crate::dialect::{Run, Statement, Transactions};
use crate::failure::Failure;

impl Transactions for MysqlConnection {
    // For this transaction alone. The usual level locks the gaps where keys are absent, and two that create one stop each
    // other.
    const BEGIN_WRITE: &'static str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN";

    fn commit(&mut self) -> Result<(), Failure> {
        if self.depth()? != Some(NonZeroU32::MIN) {
            return Ok(AnsiTransactionManager::commit_transaction(self)?);
        }
        // diesel rolls back after a commit that failed, and then the server has forgotten the number. A cluster that finds its
        // transactions in conflict says so here.
        if let Err(failure) = self.run(Statement::Other, |connection| connection.batch_execute("COMMIT")) {
            let rollback_failed = AnsiTransactionManager::rollback_transaction(self).is_err();
            return Err(Failure { rollback_failed, ..failure });
        }
        match AnsiTransactionManager::transaction_manager_status_mut(self) {
            TransactionManagerStatus::Valid(status) => {
                Ok(status.change_transaction_depth(TransactionDepthChange::DecreaseDepth)?)
            }
            TransactionManagerStatus::InError => Err(DriverError::BrokenTransactionManager.into()),
        }
    }

    fn has_ended_transaction(&mut self, depth: NonZeroU32) -> bool {
        // Which failures end it depends on the server's settings (`innodb_rollback_on_timeout`, `innodb_snapshot_isolation`),
        // so that the server is asked. Going back to a savepoint leaves it there to go back to again, under the name that
        // diesel gave it; only the end of the transaction takes it away.
        if self.batch_execute(&format!("ROLLBACK TO SAVEPOINT diesel_savepoint_{depth}")).is_ok() {
            return false;
        }
        // Outside a transaction the server stores each further statement of the application's at once. In this one nothing
        // is: it is gone with the connection.
        let _ = self.batch_execute("ROLLBACK; BEGIN");
        true
    }
}
