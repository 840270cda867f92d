//! Who may read a database file that was made here.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::{Folder, read, store, value};
use constance_diesel::SqliteBackend;

fn mode(file: &Path) -> u32 {
    std::fs::metadata(file).expect("a file").permissions().mode() & 0o777
}

fn beside(file: &Path) -> [std::path::PathBuf; 2] {
    ["-wal", "-shm"].map(|end| format!("{}{end}", file.display()).into())
}

#[test]
fn a_new_database_is_the_users_alone() {
    let folder = Folder::new();
    for url in [folder.url(), format!("{}?mode=rwc", folder.url())] {
        let backend = SqliteBackend::from_url(&url).expect("a valid URL");
        if url.contains("rwc") {
            // Here a call that only reads makes the file.
            read(&backend, "a").expect_err("no tables");
            assert_eq!(mode(&folder.file()), 0o600);
        }
        backend.migrate().expect("tables");
        store(&backend, "a", b"hunter2");
        assert_eq!(mode(&folder.file()), 0o600);
        for file in beside(&folder.file()) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
        drop(backend);
        std::fs::remove_file(folder.file()).expect("the first one");
    }
}

#[test]
fn more_is_asked_for_in_so_many_words() {
    let folder = Folder::new();
    let backend = SqliteBackend::builder().url(folder.url()).file_mode(0o660).build().expect("a valid URL");
    backend.migrate().expect("tables");
    store(&backend, "a", b"1");
    // The umask of whoever runs this would have taken the right to write.
    assert_eq!(mode(&folder.file()), 0o660);
    for file in beside(&folder.file()) {
        assert_eq!(mode(&file), 0o660, "{}", file.display());
    }
}

#[test]
fn a_database_that_is_there_keeps_its_own() {
    let folder = Folder::new();
    let backend = folder.backend();
    store(&backend, "a", b"1");
    drop(backend);
    std::fs::set_permissions(folder.file(), std::fs::Permissions::from_mode(0o644)).expect("an operator's wish");
    let backend = folder.backend();
    backend.migrate().expect("nothing to do");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    assert_eq!(mode(&folder.file()), 0o644);
}
