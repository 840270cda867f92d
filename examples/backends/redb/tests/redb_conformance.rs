//! The backend keeps the contract.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use constance_core::Registry;
use constance_redb::RedbBackend;
use constance_redb::redb::Database;
use tempfile::TempDir;

/// A file that no other case has: only one backend can have it open.
fn new_file() -> std::path::PathBuf {
    static FOLDER: std::sync::LazyLock<TempDir> =
        std::sync::LazyLock::new(|| TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder"));
    static FILES: AtomicUsize = AtomicUsize::new(0);
    FOLDER.path().join(format!("{}.redb", FILES.fetch_add(1, Ordering::Relaxed)))
}

constance_core::conformance_tests!(|| RedbBackend::new(new_file()));

constance_core::conformance_tests!(mod by_url: || {
    let url = format!("redb://{}", new_file().display());
    Registry::new().with(constance_redb::schemes()).open(&url).expect("a valid URL")
});

constance_core::conformance_tests!(mod over_own_database: || {
    RedbBackend::with_database(Arc::new(Database::create(new_file()).expect("a new file")))
});

constance_core::unreachable_backend_tests!(mod unreachable: || RedbBackend::new("/no such folder/settings.redb"));

constance_core::persistence_tests!(mod persistent: |folder: &Path| RedbBackend::new(folder.join("settings.redb")));
