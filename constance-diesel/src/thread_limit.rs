//! Limits how many threads wait for servers that do not answer.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The threads of one kind that wait, for all backends of the process: a silent server keeps each of them for long.
pub(crate) struct ThreadLimit(AtomicUsize);

/// One of the threads that may wait, until it is dropped.
pub(crate) struct Slot(&'static ThreadLimit);

impl ThreadLimit {
    /// How many may wait at the same time.
    pub(crate) const MAX: usize = 64;

    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// A place for one more; `None` where all are taken.
    pub(crate) fn slot(&'static self) -> Option<Slot> {
        let one_more = |waiting: usize| (waiting < Self::MAX).then_some(waiting + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok().map(|_| Slot(self))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_left() {
        static WAITING: ThreadLimit = ThreadLimit::new();
        let mut taken: Vec<Slot> = (0..ThreadLimit::MAX).map_while(|_| WAITING.slot()).collect();
        assert_eq!(taken.len(), ThreadLimit::MAX);
        assert!(WAITING.slot().is_none());
        taken.pop();
        assert!(WAITING.slot().is_some());
    }
}
