//! Tells of changes of the settings table.

use constance_core::{Result, backend::Watch};

use super::Connect;
use crate::failure::Failure;
use crate::options::Options;
use crate::schema::Tables;

/// Tells of changes.
pub trait Changes: Connect {
    /// What [`changed`](Self::changed) remembers.
    type LastSeen: Default + Send;

    /// Opens a feed of changes.
    fn open_feed(target: &Self::Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>>;

    /// Whether anybody changed the settings table since `last_seen` was asked last; `true` the first time. Asked over any
    /// connection, for feeds that have none of their own. Default: always `true`.
    fn changed(&mut self, tables: &Tables, last_seen: &mut Self::LastSeen) -> Result<bool, Failure> {
        let _ = (tables, last_seen);
        Ok(true)
    }
}
