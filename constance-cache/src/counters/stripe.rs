//! A place to count for each thread.

use std::cell::Cell;

use parking_lot::Mutex;

/// How many stripes there are.
pub(super) const STRIPES: usize = 64;

/// The first of them belong to one thread each while it lives; the others are for all threads that came too late.
const EXCLUSIVE: usize = 48;

/// The number of a place to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stripe(usize);

impl Stripe {
    /// That of this thread.
    #[inline]
    pub(super) fn mine() -> Self {
        match MINE.get() {
            Some(stripe) => stripe,
            None => assign(),
        }
    }

    /// Below [`STRIPES`].
    #[inline]
    pub(super) fn index(self) -> usize {
        // Which the compiler then knows as well.
        self.0 % STRIPES
    }

    /// Whether no other thread has it.
    #[inline]
    pub(super) fn is_exclusive(self) -> bool {
        self.0 < EXCLUSIVE
    }
}

thread_local! {
    // Without a destructor, so that a look at it is a plain load.
    static MINE: Cell<Option<Stripe>> = const { Cell::new(None) };
    static OWNED: Owned = const { Owned(Cell::new(None)) };
}

static FREE: Mutex<Free> = Mutex::new(Free { exclusive: Vec::new(), begun: 0, late: 0 });

struct Free {
    /// Those that threads have left.
    exclusive: Vec<Stripe>,
    /// How many were ever given away.
    begun: usize,
    /// How many threads came too late.
    late: usize,
}

/// Gives a thread's stripe back when the thread ends. The lock hands on what was counted there.
struct Owned(Cell<Option<Stripe>>);

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(stripe) = self.0.take() {
            // What this thread still counts in destructors must not meet the next owner.
            MINE.set(Some(Stripe(EXCLUSIVE)));
            FREE.lock().exclusive.push(stripe);
        }
    }
}

#[cold]
fn assign() -> Stripe {
    let stripe = {
        let mut free = FREE.lock();
        match free.exclusive.pop() {
            Some(stripe) => stripe,
            None if free.begun < EXCLUSIVE => {
                free.begun += 1;
                Stripe(free.begun - 1)
            }
            None => {
                free.late += 1;
                Stripe(EXCLUSIVE + free.late % (STRIPES - EXCLUSIVE))
            }
        }
    };
    let owned = !stripe.is_exclusive() || OWNED.try_with(|owned| owned.0.set(Some(stripe))).is_ok();
    // A thread that is ending cannot give a stripe back by itself.
    let stripe = if owned {
        stripe
    } else {
        FREE.lock().exclusive.push(stripe);
        Stripe(EXCLUSIVE)
    };
    MINE.set(Some(stripe));
    stripe
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    /// The stripes of so many threads that live at the same time.
    fn stripes(threads: usize) -> Vec<Stripe> {
        let all = Barrier::new(threads);
        let run = || {
            let mine = Stripe::mine();
            all.wait();
            assert_eq!(Stripe::mine(), mine);
            mine
        };
        thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        })
    }

    #[test]
    fn an_exclusive_stripe_has_one_thread_at_a_time() {
        for _ in 0..5 {
            let mut seen = HashSet::new();
            for stripe in stripes(3 * STRIPES) {
                assert!(stripe.index() < STRIPES);
                assert!(!stripe.is_exclusive() || seen.insert(stripe.index()), "{stripe:?} was given away twice");
            }
        }
    }
}
