//! What the cache holds under one key, and what happens to it: the whole protocol, without I/O.
//!
//! A record is a value, a gap, or the marks of writers. It is replaced only where the cell is still the one that was
//! looked at (see [`CacheStore::swap`](crate::CacheStore::swap)), so each function here is one step that nobody comes
//! between. `tests/model_coherence.rs` takes this very file through every interleaving.
//!
//! What is *known* of a key: every writer that is between its mark and its commit has its mark in the record. A cell that was
//! not there may have been lost together with a mark, so nothing is known of it; what is filled into it is served on
//! probation only, for as long as a mark lives, and then looked up once more. By then any writer whose mark was lost has
//! committed.

use std::time::Duration;

/// The mark of one writer. Nobody else has the same.
pub(crate) type Mark = u128;

/// Which store a value is of, by what it is called. Two names of one store have two.
pub(crate) type Fingerprint = u64;

/// What is under a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Record<V> {
    /// What a store holds.
    Value { value: V, settled: bool, store: Fingerprint },
    /// Nothing: the next reader may fill it.
    Gap { known: bool },
    /// Writers are at work; nobody may fill it.
    Marked { known: bool, marks: Vec<(Mark, Duration)> },
}

/// A record and how long it is still to live.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Timed<V> {
    pub(crate) record: Record<V>,
    pub(crate) left: Duration,
}

/// How long things live, and which store they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// A value that was filled from another store, or from this one under another name, is a miss. What writers and readers
    /// leave beside values is the same for all of them, so that it holds for two names of one store too.
    pub(crate) store: Fingerprint,
    /// A value, and a gap.
    pub(crate) ttl: Duration,
    /// A mark: longer than any commit takes.
    pub(crate) hold: Duration,
}

/// What a reader makes of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Look<'r, V> {
    /// This is what the store holds.
    Hit(&'r V),
    /// The store is to be asked, and the answer may be put in the cell's place, as `known` says.
    Lease { known: bool },
    /// The store is to be asked, and the answer kept to oneself.
    Busy,
}

impl Times {
    /// What a reader makes of what it found.
    pub(crate) fn look<'r, V>(&self, cell: &'r Timed<V>) -> Look<'r, V> {
        match &cell.record {
            // As a gap in its place would be; it was not served here, but whether it is settled is known of the cell.
            Record::Value { settled, store, .. } if *store != self.store => {
                Look::Lease { known: *settled || cell.left <= self.hold }
            }
            Record::Value { value, settled: true, .. } => Look::Hit(value),
            Record::Value { value, settled: false, .. } if cell.left > self.hold => Look::Hit(value),
            // The probation is over.
            Record::Value { .. } => Look::Lease { known: true },
            Record::Gap { known } => Look::Lease { known: *known },
            Record::Marked { .. } => Look::Busy,
        }
    }

    /// What a reader leaves where it found nothing, so that it has something to hold its lease by.
    pub(crate) fn vacant<V>(&self) -> Timed<V> {
        Timed { record: Record::Gap { known: false }, left: self.ttl }
    }

    /// How long ago a value was filled, where whoever filled it keeps values as long.
    pub(crate) fn age<V>(&self, cell: &Timed<V>) -> Duration {
        let settled = !matches!(cell.record, Record::Value { settled: false, .. });
        self.kept(settled).saturating_sub(cell.left)
    }

    /// How long a value lives that is filled now.
    fn kept(&self, known: bool) -> Duration {
        if known { self.ttl } else { self.hold + self.hold.min(self.ttl) }
    }

    /// What a reader puts in the place of the cell that its lease is for.
    pub(crate) fn fill<V>(&self, value: V, known: bool) -> Timed<V> {
        let left = self.kept(known);
        Timed { record: Record::Value { value, settled: known, store: self.store }, left }
    }

    /// A writer is about to commit.
    pub(crate) fn mark<V>(&self, cell: Option<&Timed<V>>, mark: Mark) -> Timed<V> {
        let (known, mut marks) = match cell {
            None => (false, Vec::new()),
            Some(cell) => match (&cell.record, self.look(cell)) {
                (Record::Marked { known, marks }, _) => (*known, marks.clone()),
                (Record::Value { .. }, Look::Hit(_)) => {
                    (matches!(cell.record, Record::Value { settled: true, .. }), Vec::new())
                }
                (_, Look::Lease { known }) => (known, Vec::new()),
                _ => (false, Vec::new()),
            },
        };
        marks.retain(|(other, left)| *other != mark && !left.is_zero());
        marks.push((mark, self.hold));
        Timed { record: Record::Marked { known, marks }, left: self.hold }
    }

    /// A writer has committed. `None`: there is nothing to do.
    pub(crate) fn clear<V>(&self, cell: &Timed<V>, mark: Mark) -> Option<Timed<V>> {
        match &cell.record {
            Record::Marked { known, marks } if marks.iter().any(|(own, _)| *own == mark) => {
                let others: Vec<_> =
                    marks.iter().filter(|(other, left)| *other != mark && !left.is_zero()).copied().collect();
                Some(match others.iter().map(|(_, left)| *left).max() {
                    Some(left) => Timed { record: Record::Marked { known: *known, marks: others }, left },
                    None => Timed { record: Record::Gap { known: *known }, left: self.ttl },
                })
            }
            _ => self.forget(cell),
        }
    }

    /// What was read before may be old: the value goes, and every lease. `None`: there is neither.
    ///
    /// Where a writer looks for its mark and finds this, the mark was lost, and the marks of others may have been as well.
    pub(crate) fn forget<V>(&self, cell: &Timed<V>) -> Option<Timed<V>> {
        match &cell.record {
            Record::Marked { .. } => None,
            Record::Value { .. } | Record::Gap { .. } => Some(self.vacant()),
        }
    }

    /// A mark that nobody clears, for a cell that others keep changing: it covers all of them.
    pub(crate) fn barred<V>(&self, mark: Mark) -> Timed<V> {
        self.mark(None, mark)
    }
}
