//! What the server says, in English: diesel gives a code for a few failures only.
//!
//! A server whose `lc_messages` is another language is asked instead, where there is a connection to ask over.

/// Whether a message holds all pieces of one of these; between them stand names.
pub(super) fn says(message: &str, known: &[&[&str]]) -> bool {
    known.iter().any(|pieces| pieces.iter().all(|piece| message.contains(piece)))
}

/// A deadlock: the server gave this transaction up so that others go on.
pub(super) const DEADLOCK: &[&[&str]] = &[&["deadlock detected"]];

/// `lock_timeout` is over.
pub(super) const LOCKED: &[&[&str]] = &[&["canceling statement due to lock timeout"]];

/// `statement_timeout` is over.
pub(super) const SLOW: &[&[&str]] = &[&["canceling statement due to statement timeout"]];

/// The statement was cancelled.
pub(super) const CANCELLED: &[&[&str]] = &[&["canceling statement due to user request"]];

/// No room on the disk.
pub(super) const FULL: &[&[&str]] = &[&["could not extend file \""], &["could not write to file \""]];

/// The server does not let this user in. The first two are libpq's own, which it never translates.
pub(super) const NO_ACCESS: &[&[&str]] = &[
    &["no password supplied"],
    &["authentication method"],
    &["authentication failed"],
    &["no pg_hba.conf entry for"],
    &["role \"", "\" does not exist"],
    &["role \"", "\" is not permitted to log in"],
    &["permission denied for database \""],
];

/// There is no such database.
pub(super) const NO_DATABASE: &[&[&str]] = &[&["database \"", "\" does not exist"]];

/// The server has no connection left; the last one is of a pooler.
pub(super) const NO_CONNECTION_LEFT: &[&[&str]] = &[
    &["too many clients already"],
    &["too many connections for role \""],
    &["too many connections for database \""],
    &["remaining connection slots"],
    &["no more connections allowed"],
];

/// The server starts, stops or recovers.
pub(super) const NOT_READY: &[&[&str]] = &[
    &["the database system is starting up"],
    &["the database system is shutting down"],
    &["the database system is in recovery mode"],
    &["the database system is not yet accepting connections"],
];
