//! Reads and writes the settings table over one connection.

mod batch;
mod read;
mod write;

use crate::schema::Tables;

/// The settings table over one connection.
pub(crate) struct Store<'a, C> {
    pub(crate) connection: &'a mut C,
    pub(crate) tables: &'a Tables,
    /// Whether the connection is in a transaction of the application's. Then what the database rolled back as a whole cannot begin
    /// again here.
    pub(crate) in_transaction: bool,
}
