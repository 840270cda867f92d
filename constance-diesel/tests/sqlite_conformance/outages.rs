//! A database that is not there, and one whose process is killed.

use std::path::Path;

use constance_diesel::SqliteBackend;

constance_core::unreachable_backend_tests!(mod unreachable: || {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/no such folder/settings.sqlite3");
    SqliteBackend::from_url(&format!("sqlite://{file}")).expect("a valid URL")
});

constance_core::persistence_tests!(mod persistent: |folder: &Path| {
    SqliteBackend::from_url(&format!("sqlite://{}", folder.join("settings.sqlite3").display())).expect("a valid URL")
});
