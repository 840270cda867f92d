//! A listing in portions.

use crate::backend::Key;

/// Some of the keys under a prefix, from [`Backend::keys_from`](crate::Backend::keys_from).
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    /// The keys; there may be none in a portion that is not the last.
    pub keys: Vec<Key>,
    /// Where the next portion begins, in the backend's own form; `None` where this is the last.
    pub next: Option<Vec<u8>>,
}

impl Portion {
    /// The last portion.
    #[must_use]
    pub fn last(keys: Vec<Key>) -> Self {
        Self { keys, next: None }
    }

    /// A portion with more behind it, which begins where `next` says.
    #[must_use]
    pub fn before(keys: Vec<Key>, next: Vec<u8>) -> Self {
        Self { keys, next: Some(next) }
    }
}
