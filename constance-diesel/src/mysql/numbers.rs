//! The numbers of errors that something depends on; `diagnose.rs` has the others.

/// Lost connection, as the client library numbers it.
pub(super) const LOST: u16 = 2013;
/// The packet is larger than `max_allowed_packet`; the server hangs up.
pub(super) const PACKET: u16 = 1153;
/// A value is larger than `max_allowed_packet`; the server says so.
pub(super) const TOO_LARGE: u16 = 1301;
/// A lock was not to be had in time.
pub(super) const LOCK_TIMEOUT: u16 = 1205;
/// The server keeps as many prepared statements as it may.
pub(super) const PREPARED: u16 = 1461;
/// The transaction was rolled back so that others go on.
pub(super) const DEADLOCK: u16 = 1213;
/// There is no such column.
pub(super) const NO_COLUMN: u16 = 1054;
/// MariaDB's number for a row that changed after the transaction's snapshot was taken.
pub(super) const CHANGED: u16 = 1020;
