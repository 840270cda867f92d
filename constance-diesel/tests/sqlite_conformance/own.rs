//! The SQLite backend keeps the contract.

use std::path::PathBuf;
use std::sync::LazyLock;

use constance_core::Registry;
use constance_diesel::diesel::SqliteConnection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, CustomizeConnection, Error, Pool};
use constance_diesel::{Builder, SqliteBackend};
use tempfile::TempDir;

/// One folder for all cases. It stays in the target folder.
static FOLDER: LazyLock<PathBuf> =
    LazyLock::new(|| TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder").keep());

/// A file for each case, by the name of its thread: a feed wakes for every change in its file.
fn url(name: &str) -> String {
    let thread = std::thread::current();
    let case = thread.name().expect("the case's name").replace("::", "-");
    format!("sqlite://{}/{name}-{case}.sqlite3", FOLDER.display())
}

fn migrated(backend: SqliteBackend) -> SqliteBackend {
    backend.migrate().expect("the tables can be made");
    backend
}

/// Many cases at once, on a machine that may be slow.
fn patient(url: String) -> Builder<SqliteConnection> {
    let minute = std::time::Duration::from_secs(60);
    SqliteBackend::builder().url(url).busy_timeout(minute).acquire_timeout(minute)
}

constance_core::conformance_tests!(|| migrated(patient(url("plain")).build().expect("a valid URL")));

constance_core::conformance_tests!(mod with_one_connection: || {
    migrated(patient(url("one")).pool_size(1).build().expect("a valid URL"))
});

constance_core::conformance_tests!(mod by_scheme: || {
    let url = url("scheme");
    migrated(SqliteBackend::from_url(&url).expect("a valid URL"));
    Registry::new().with(constance_diesel::schemes()).open(&url).expect("a registered scheme")
});

/// What an application does to the connections of its own pool.
#[derive(Debug)]
struct Waiting;

impl CustomizeConnection<SqliteConnection, Error> for Waiting {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        connection.batch_execute("PRAGMA busy_timeout = 60000").map_err(Error::QueryError)
    }
}

constance_core::conformance_tests!(mod with_own_pool: || {
    let manager = ConnectionManager::<SqliteConnection>::new(url("own"));
    let pool = Pool::builder().max_size(3).connection_customizer(Box::new(Waiting)).build(manager).expect("a pool");
    migrated(SqliteBackend::with_pool(pool))
});
