//! Several that migrate at once; in any database.

use std::sync::Barrier;

use constance_core::backend::Stored;
use constance_diesel::{Dialect, DieselBackend};

use super::{ALL, read};

/// Eight threads migrate at once, each with the backend that `backend` gives for its number.
pub(crate) fn one_of_many_migrates<C: Dialect>(backend: impl Fn(usize) -> DieselBackend<C> + Sync) {
    let barrier = Barrier::new(8);
    let applied: Vec<String> = std::thread::scope(|scope| {
        let start = |number| {
            let (backend, barrier) = (&backend, &barrier);
            scope.spawn(move || {
                let backend = backend(number);
                barrier.wait();
                let applied = backend.migrate().expect("tables");
                assert_eq!(read(&backend, "a").expect("the tables are there for everybody"), Stored::Absent);
                applied
            })
        };
        let threads: Vec<_> = (0..8).map(start).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(applied, ALL, "one of them did it");
}
