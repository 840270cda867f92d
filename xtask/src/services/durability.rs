//! What a server does with what it has acknowledged.

/// How much it is worth to the database servers not to lose anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing outlives the run, so nothing is flushed to the disk.
    Throwaway,
    /// As in production, with each server's own settings: for benchmarks.
    Production,
}
