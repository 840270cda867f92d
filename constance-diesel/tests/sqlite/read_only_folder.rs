//! A database with a write-ahead log in a folder that may only be read.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::common::{Folder, read, store, value};
use constance_core::{Backend, ErrorKind, Prefix};
use constance_diesel::SqliteBackend;

const CONFINED: &str = "CONSTANCE_TEST_CONFINED";

/// Whether permissions hold for this process. Root runs the test again as one who is not above them.
fn is_confined(test: &str) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o555)).expect("read only");
    if std::fs::write(folder.path().join("x"), "x").is_err() {
        return true;
    }
    assert!(std::env::var_os(CONFINED).is_none(), "permissions do not hold although they should");
    let program = std::env::current_exe().expect("this program");
    let again = Command::new("setpriv")
        .arg("--bounding-set=-dac_override,-dac_read_search")
        .arg("--inh-caps=-dac_override,-dac_read_search")
        .arg(program)
        .args([test, "--exact", "--nocapture"])
        .env(CONFINED, "1")
        .status();
    match again {
        Ok(status) => assert!(status.success(), "it failed where permissions hold"),
        Err(_) => eprintln!("skipped: permissions do not hold for root, and there is no setpriv"),
    }
    false
}

#[test]
fn reading_without_the_files_beside_it_says_what_it_takes() {
    if !is_confined("reading_without_the_files_beside_it_says_what_it_takes") {
        return;
    }
    let folder = Folder::new();
    let backend = folder.backend();
    store(&backend, "a", b"1");
    // The last connection takes the files beside the database along.
    drop(backend);
    let place = folder.file().parent().expect("a folder").to_owned();
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o555)).expect("read only");

    for url in [format!("{}?mode=ro", folder.url()), folder.url()] {
        let backend = SqliteBackend::from_url(&url).expect("a valid URL");
        let calls = [
            ("read", read(&backend, "a").map(drop)),
            ("list", backend.list(&Prefix::empty()).map(drop)),
            ("watch", backend.watch(&Prefix::empty()).map(drop)),
        ];
        for (what, call) in calls {
            let error = call.expect_err(what);
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Denied, false), "{what}: {error:?}");
            for word in ["-wal", "-shm", "folder", "journal_mode"] {
                assert!(error.to_string().contains(word), "{what}: {error}");
            }
        }
    }

    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).expect("as it was");
    // The ways out that it names: another process has it open, ...
    let writer = folder.backend();
    assert_eq!(read(&writer, "a").expect("a read"), value(b"1"));
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o555)).expect("read only");
    let reader = SqliteBackend::from_url(&format!("{}?mode=ro", folder.url())).expect("a valid URL");
    assert_eq!(read(&reader, "a").expect("the files are there"), value(b"1"));
    drop((reader, writer));
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).expect("as it was");
    // ... or the database has no log.
    {
        use constance_diesel::diesel::connection::SimpleConnection;
        folder.raw().batch_execute("PRAGMA journal_mode = DELETE").expect("another mode");
    }
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o555)).expect("read only");
    let reader = SqliteBackend::from_url(&format!("{}?mode=ro", folder.url())).expect("a valid URL");
    assert_eq!(read(&reader, "a").expect("there is no log"), value(b"1"));
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).expect("as it was");
}
