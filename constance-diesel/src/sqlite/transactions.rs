//! Begins transactions.

use diesel::sqlite::SqliteConnection;

use crate::dialect::Transactions;

impl Transactions for SqliteConnection {
    // A plain BEGIN that reads first and then writes fails at once when another writer came in between, whatever the
    // busy timeout. This one locks the whole file.
    const BEGIN_WRITE: &'static str = "BEGIN IMMEDIATE";
}
