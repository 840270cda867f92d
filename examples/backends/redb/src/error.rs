//! Errors of redb, without their text, which has paths.

use constance_core::{Error, ErrorKind, backend::Cause};

/// Which kind an error of redb is.
pub(crate) fn classify(error: redb::Error) -> Error {
    let unavailable = |code: &'static str, detail: &'static str| {
        Error::new(ErrorKind::Unavailable).with_detail(detail).with_cause(Cause::new("redb").with_code(code))
    };
    match error {
        redb::Error::DatabaseAlreadyOpen => {
            unavailable("already open", "another process, or another backend in this one, has the file open")
                .with_hint("share one backend, or one Database, within the process")
        }
        redb::Error::ValueTooLarge(_) => Error::new(ErrorKind::Encode).with_detail("the value is too long for redb"),
        redb::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::PermissionDenied => Error::new(ErrorKind::Denied)
                .with_detail("the file may not be opened")
                .with_cause(Cause::new("redb").with_code("permission denied")),
            std::io::ErrorKind::NotFound => unavailable("not found", "the folder of the file does not exist"),
            std::io::ErrorKind::StorageFull => unavailable("storage full", "the disk is full"),
            _ => unavailable("I/O", "the file cannot be read or written"),
        },
        redb::Error::Corrupted(_) => unavailable("corrupted", "the file is damaged"),
        redb::Error::UpgradeRequired(_) => unavailable("upgrade required", "the file is of an older version of redb"),
        _ => unavailable("other", "the file cannot be used"),
    }
}
