//! What the benchmarks of SQLite and PostgreSQL share: the writes, and what a row of theirs is measured against.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use constance_bench::Table;
use constance_core::{
    Backend,
    backend::{Batch, Change, Encoded, Expect, Key},
};
use diesel::QueryResult;
use diesel::r2d2::{ConnectionManager, Pool, R2D2Connection};

/// What a call may take where it is bounded.
pub(crate) const BOUND: Duration = Duration::from_secs(2);

/// The bare diesel statements of a database, on a pool of the same kind as our own.
pub(crate) struct Raw<C: R2D2Connection + 'static> {
    pub(crate) pool: Pool<ConnectionManager<C>>,
    /// Sets one value, whatever is there.
    pub(crate) set: fn(&mut C, &str, &[u8]) -> QueryResult<usize>,
    /// Sets one value where it is there already.
    pub(crate) swap: fn(&mut C, &str, &[u8]) -> QueryResult<usize>,
    /// Sets one value under each key, in a transaction.
    pub(crate) batch: fn(&mut C, &[Key], &[u8]) -> QueryResult<usize>,
}

impl<C: R2D2Connection + 'static> Raw<C> {
    pub(crate) fn read(&self, work: impl Fn(&mut C) -> u64) -> u64 {
        self.pool.get().map_or(0, |mut connection| work(&mut connection))
    }

    fn written(&self, work: impl Fn(&mut C) -> QueryResult<usize>) -> u64 {
        self.read(|connection| work(connection).unwrap_or(0) as u64)
    }
}

/// The integer of a stored value, past everything of ours.
pub(crate) fn decoded(bytes: Option<Vec<u8>>) -> u64 {
    let bytes = bytes.unwrap_or_default();
    rmp_serde::from_slice::<i64>(bytes.get(3..).unwrap_or_default()).unwrap_or(0) as u64
}

pub(crate) fn read(backend: &dyn Backend, keys: &[Key]) -> u64 {
    backend.read(&keys.iter().collect::<Vec<_>>()).map_or(0, |found| found.len() as u64)
}

/// A batch that sets each key to `bytes`.
pub(crate) fn sets(keys: &[Key], bytes: &Encoded) -> constance_core::Result<Batch> {
    Batch::new(keys.iter().map(|key| Change::set(key.clone(), bytes.clone())).collect())
}

/// Times the writes of the keys, which all have the value `bytes`; with `previous` also those that want the values before.
pub(crate) fn writes<C: R2D2Connection + 'static>(
    title: &str,
    raw: &Raw<C>,
    backend: &dyn Backend,
    keys: &[Key],
    bytes: &Encoded,
    previous: bool,
) {
    // Each thread writes its own keys: what waits for another tells nothing of what a write costs.
    let threads = AtomicUsize::new(0);
    let own = |count: usize| {
        let from = threads.fetch_add(1, Ordering::Relaxed) % 2 * 500;
        &keys[from..from + count]
    };
    let bytes_of = bytes.as_bytes();
    let write = |batch: &Batch| u64::from(backend.write(batch).is_ok());
    let one = |expect: Expect| Batch::one(Change::set(own(1)[0].clone(), bytes.clone()).expecting(expect));
    let mut table = Table::new()
        .row("diesel, upsert", None, || {
            let keys = own(1);
            move || raw.written(|c| (raw.set)(c, keys[0].as_str(), bytes_of))
        })
        .row("set", Some("diesel, upsert"), || {
            let batch = one(Expect::Any);
            move || write(&batch)
        });
    if previous {
        table = table.row("set, previous value wanted", Some("diesel, upsert"), || {
            let batch = one(Expect::Any).wanting_previous(true);
            move || write(&batch)
        });
    }
    table = table
        .row("diesel, compare and set", None, || {
            let keys = own(1);
            move || raw.written(|c| (raw.swap)(c, keys[0].as_str(), bytes_of))
        })
        .row("compare and set", Some("diesel, compare and set"), || {
            let batch = one(Expect::Equals(bytes.clone()));
            move || write(&batch)
        })
        .row("diesel, 100 upserts in a transaction", None, || {
            let keys = own(100);
            move || raw.written(|c| (raw.batch)(c, keys, bytes_of))
        })
        .row("batch of 100", Some("diesel, 100 upserts in a transaction"), || {
            let batch = sets(own(100), bytes).ok();
            move || batch.as_ref().map_or(0, write)
        });
    if previous {
        table = table.row("batch of 100, previous values wanted", Some("diesel, 100 upserts in a transaction"), || {
            let batch = sets(own(100), bytes).ok().map(|batch| batch.wanting_previous(true));
            move || batch.as_ref().map_or(0, write)
        });
    }
    table.print(title, Duration::from_millis(20));
}
