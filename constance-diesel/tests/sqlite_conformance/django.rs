//! The SQLite backend keeps the contract over the table that Django made.

use std::path::PathBuf;
use std::sync::LazyLock;

use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::{Connection, SqliteConnection};
use constance_diesel::{Layout, SqliteBackend};
use tempfile::TempDir;

use crate::django_table;

/// It stays in the target folder.
static FOLDER: LazyLock<PathBuf> =
    LazyLock::new(|| TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder").keep());

/// A file for each case, by the name of its thread: a feed wakes for every change in a file, and Django's journal is a slow one.
fn file() -> PathBuf {
    let thread = std::thread::current();
    let file = FOLDER.join(thread.name().expect("the case's name").replace("::", "-"));
    if !file.exists() {
        let mut connection = SqliteConnection::establish(file.to_str().expect("UTF-8")).expect("a connection");
        connection.batch_execute(django_table::ON_SQLITE).expect("Django's statements");
    }
    file
}

constance_core::conformance_tests!(|| {
    let (url, minute) = (format!("sqlite://{}", file().display()), std::time::Duration::from_secs(60));
    let backend = SqliteBackend::builder()
        .url(url)
        .busy_timeout(minute)
        .acquire_timeout(minute)
        .layout(Layout::Django)
        .build()
        .expect("a valid URL");
    backend.migrate().expect("it is Django's table");
    backend
});
