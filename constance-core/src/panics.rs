//! Code of the application, whose panics are errors here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Error, ErrorKind, Result};

/// What the application's code gives, and an error of this kind where it panics: one value that a rule or a type cannot deal
/// with must not keep the others from being read.
///
/// Nothing of ours is left half done: the code is given a value and gives one back.
#[inline]
pub(crate) fn caught<T>(kind: ErrorKind, words: &'static str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    // The panic's own words may hold the value.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(Error::new(kind).with_detail(words)))
}
