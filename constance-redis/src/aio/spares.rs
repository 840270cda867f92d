//! Handles to the connection that nobody uses at the moment.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

/// As many as threads that call at the same time on a large machine.
const PLACES: usize = 16;

/// How many handles each place keeps.
const MOST: usize = 64;

/// Handles to take and to put back, each with the number of its connection.
///
/// To make a handle and to drop it changes counters that all threads share, three of them each time. Between two processors
/// that is a good part of what a request costs here. So handles are kept, in a place for each thread.
pub(crate) struct Spares<T> {
    /// The number of the connection that handles are kept of; 0 for none.
    number: AtomicU64,
    places: [Place<T>; PLACES],
}

/// Far enough from the next one that threads do not share what a processor moves at once.
#[repr(align(128))]
struct Place<T>(Mutex<Vec<(u64, T)>>);

impl<T> Spares<T> {
    pub(crate) fn new() -> Self {
        Self { number: AtomicU64::new(0), places: std::array::from_fn(|_| Place(Mutex::default())) }
    }

    /// From now on handles of this connection are kept, and no others. Those are given back: to drop the last handle ends
    /// the driver's task, and that belongs outside every lock.
    #[must_use]
    pub(crate) fn keep(&self, number: u64) -> Vec<(u64, T)> {
        self.number.store(number, Ordering::Release);
        self.places.iter().flat_map(|place| std::mem::take(&mut *place.0.lock())).collect()
    }

    /// A handle, if there is one at hand.
    pub(crate) fn take(&self) -> Option<(u64, T)> {
        self.place().lock().pop()
    }

    /// Keeps a handle, or drops it where its connection is no longer the one.
    pub(crate) fn put(&self, number: u64, handle: T) {
        let mut handles = self.place().lock();
        // Under the lock: either `keep` finds it here, or it is seen here what `keep` has stored.
        if handles.len() < MOST && self.number.load(Ordering::Acquire) == number {
            handles.push((number, handle));
            return;
        }
        drop(handles);
        drop(handle);
    }

    fn place(&self) -> &Mutex<Vec<(u64, T)>> {
        &self.places[place()].0
    }
}

/// The place of this thread.
fn place() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PLACE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES;
    }
    // A thread that is about to end has none any more.
    PLACE.try_with(|place| *place).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_handle_is_given_again() {
        let spares = Spares::new();
        drop(spares.keep(1));
        assert!(spares.take().is_none());
        spares.put(1, "handle");
        assert_eq!(spares.take(), Some((1, "handle")));
        assert!(spares.take().is_none());
    }

    #[test]
    fn handles_of_another_connection_are_dropped() {
        let (spares, handle) = (Spares::new(), Arc::new(()));
        spares.put(1, Arc::clone(&handle));
        assert_eq!(Arc::strong_count(&handle), 1, "nothing is kept before there is a connection");
        drop(spares.keep(1));
        spares.put(1, Arc::clone(&handle));
        assert_eq!(Arc::strong_count(&handle), 2);
        drop(spares.keep(2));
        assert_eq!(Arc::strong_count(&handle), 1, "those of the last one");
        spares.put(1, Arc::clone(&handle));
        assert_eq!(Arc::strong_count(&handle), 1, "one that comes late");
    }

    #[test]
    fn no_more_are_kept_than_that() {
        let (spares, handle) = (Spares::new(), Arc::new(()));
        drop(spares.keep(1));
        (0..2 * MOST).for_each(|_| spares.put(1, Arc::clone(&handle)));
        assert_eq!(Arc::strong_count(&handle), 1 + MOST);
    }

    #[test]
    fn none_stays_when_its_connection_ends_meanwhile() {
        for _ in 0..200 {
            let (spares, handle) = (Spares::new(), Arc::new(()));
            drop(spares.keep(1));
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| (0..20).for_each(|_| spares.put(1, Arc::clone(&handle))));
                }
                drop(spares.keep(0));
            });
            assert_eq!(Arc::strong_count(&handle), 1);
        }
    }
}
