//! What the tests of this crate share.
#![allow(clippy::expect_used, dead_code, unreachable_pub, unused_imports)]

mod values;

use std::path::PathBuf;
use std::time::Duration;

use constance_core::Backend;
use constance_diesel::SqliteBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::{Connection, SqliteConnection};
use tempfile::TempDir;

pub use constance_testserver::until;

pub use self::values::{key, read, set, store, value, write};

/// A folder for one test, removed at its end.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder"))
    }

    pub fn file(&self) -> PathBuf {
        self.0.path().join("settings.sqlite3")
    }

    pub fn url(&self) -> String {
        url(&self.file())
    }

    /// A backend whose tables are there, which waits as long as a busy machine makes it.
    pub fn backend(&self) -> SqliteBackend {
        let backend = patient(&self.url());
        backend.migrate().expect("tables");
        backend
    }

    /// The same, which waits for no lock long.
    pub fn hasty(&self) -> SqliteBackend {
        self.backend();
        let builder = SqliteBackend::builder().url(self.url()).busy_timeout(Duration::from_millis(50));
        builder.acquire_timeout(MINUTE).build().expect("a valid URL")
    }

    /// A connection past the backend.
    pub fn raw(&self) -> SqliteConnection {
        raw(&self.file())
    }
}

const MINUTE: Duration = Duration::from_secs(60);

/// A backend that waits as long as a busy machine makes it.
pub fn patient(url: &str) -> SqliteBackend {
    SqliteBackend::builder().url(url).busy_timeout(MINUTE).acquire_timeout(MINUTE).build().expect("a valid URL")
}

pub fn raw(file: &std::path::Path) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(file.to_str().expect("UTF-8")).expect("a connection");
    connection.batch_execute("PRAGMA busy_timeout = 60000").expect("a pragma");
    connection
}

pub fn url(file: &std::path::Path) -> String {
    format!("sqlite://{}", file.display())
}
