//! Begins transactions.

use diesel::pg::PgConnection;

use crate::dialect::Transactions;

impl Transactions for PgConnection {
    // Under a stricter level it would not see what was stored while it waited for a lock.
    const BEGIN_WRITE: &'static str = "BEGIN ISOLATION LEVEL READ COMMITTED";
}
