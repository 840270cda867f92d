//! Errors of the driver, without their text: it may quote values and passwords.

use constance_core::{Error, ErrorKind, backend::Cause};

use crate::ClientError;

/// Which kind an error of the driver is. See the table in `docs/backends.md`.
pub(crate) fn classify(error: ClientError) -> Error {
    match error {
        ClientError::Down => Error::new(ErrorKind::Unavailable)
            .with_detail("the store does not answer")
            .with_cause(Cause::new("template").with_code("down")),
    }
}
