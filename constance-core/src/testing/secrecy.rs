//! What errors must not show.

use std::error::Error as _;

use crate::Error;

/// Stands in the values and in the passwords of the suite, and nowhere else.
pub(super) const SECRET: &str = "hunter2";

/// Demands that neither an error nor anything that it was caused by shows the secret, or the URL of the store.
#[track_caller]
pub(super) fn expect_secrecy(error: &Error, of: &str) {
    let mut said = format!("{error}\n{error:?}\n{error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        said.push_str(&format!("\n{cause}\n{cause:?}\n{cause:#?}"));
        source = cause.source();
    }
    let (as_bytes, as_hex) = (SECRET.bytes().map(|b| b.to_string()), SECRET.bytes().map(|b| format!("{b:02x}")));
    let shapes = [SECRET.to_owned(), as_bytes.collect::<Vec<_>>().join(", "), as_hex.collect::<String>()];
    // The text is not repeated: it is what must not be in a log.
    let shown = shapes.iter().any(|shape| said.to_lowercase().contains(shape.as_str()));
    assert!(!shown, "broken: no value and no password appears in an error; that of {of} shows one");
    assert!(!said.contains("://"), "broken: no URL appears in an error; that of {of} shows one");
}
