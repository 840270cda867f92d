//! How many threads may wait for servers that say nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The threads of one kind that wait, for all backends of the process: a silent server keeps each of them for long.
pub(crate) struct Waiting(AtomicUsize);

/// One of the threads that may wait, until it is dropped.
pub(crate) struct Place(&'static Waiting);

impl Waiting {
    /// How many may wait at the same time.
    pub(crate) const MOST: usize = 64;

    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// A place for one more; `None` where all are taken.
    pub(crate) fn place(&'static self) -> Option<Place> {
        let one_more = |waiting: usize| (waiting < Self::MOST).then_some(waiting + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok().map(|_| Place(self))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_left() {
        static WAITING: Waiting = Waiting::new();
        let mut taken: Vec<Place> = (0..Waiting::MOST).map_while(|_| WAITING.place()).collect();
        assert_eq!(taken.len(), Waiting::MOST);
        assert!(WAITING.place().is_none());
        taken.pop();
        assert!(WAITING.place().is_some());
    }
}
