//! SQLite.

mod changes;
mod columns;
mod connect;
mod diagnose;
#[cfg(target_os = "linux")]
mod file_events;
#[cfg(target_os = "linux")]
mod file_watch;
mod migrations;
mod read;
mod target;
mod transactions;
mod write;

use diesel::sqlite::SqliteConnection;

use crate::DieselBackend;
use crate::dialect::{Dialect, Run};

/// Settings in an SQLite file.
pub type SqliteBackend = DieselBackend<SqliteConnection>;

impl Dialect for SqliteConnection {
    const NAME: &'static str = "sqlite";
}

impl Run for SqliteConnection {}
