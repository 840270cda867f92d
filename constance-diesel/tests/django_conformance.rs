//! The SQLite backend keeps the contract over the table that Django made.
#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used)]

#[path = "common/django.rs"]
mod django;

use std::path::PathBuf;
use std::sync::LazyLock;

use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::{Connection, SqliteConnection};
use constance_diesel::{Layout, SqliteBackend};
use tempfile::TempDir;

/// One file for all cases, which each have a key space of their own. It stays in the target folder.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder").keep();
    let file = folder.join("db.sqlite3");
    let mut connection = SqliteConnection::establish(file.to_str().expect("UTF-8")).expect("a connection");
    connection.batch_execute(django::ON_SQLITE).expect("Django's statements");
    file
});

constance_core::conformance_tests!(|| {
    let url = format!("sqlite://{}", FILE.display());
    let backend = SqliteBackend::builder().url(url).layout(Layout::Django).build().expect("a valid URL");
    backend.migrate().expect("it is Django's table");
    backend
});
