//! Keeps account of the connections of a pool that are open and of those that are on their way, so that nobody opens one while
//! an outcome is about to be known that does for him too.

use std::sync::Arc;

use constance_core::{Error, Result};
use parking_lot::{Condvar, Mutex};

#[derive(Default)]
pub(crate) struct Arrivals {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    open: usize,
    /// Attempts to connect that are under way.
    attempts: usize,
    /// Whether one of them is a caller's, who has no place in the pool for it.
    probing: bool,
    /// How many attempts have begun, and how many have failed.
    begun: u64,
    failed: u64,
    /// Which one the last was and why it failed, if it did.
    failure: Option<(u64, Error)>,
}

/// An attempt to connect. It ends with this value.
pub(crate) struct Attempt {
    arrivals: Arc<Arrivals>,
    number: u64,
    probing: bool,
}

/// A connection that is open. It counts until this is dropped.
pub(crate) struct Open(Arc<Arrivals>);

impl Arrivals {
    /// An attempt to see whether a connection can be made; `None` where one is open. While there is an attempt of anybody's,
    /// this waits for its outcome, and has it where it fails, unless it began before this call and fails for what somebody has to
    /// mend: he may have, and then called. There is never one of these beside any other.
    pub(crate) fn probe(self: &Arc<Self>) -> Result<Option<Attempt>> {
        let mut state = self.state.lock();
        let (begun, failed) = (state.begun, state.failed);
        loop {
            if state.open > 0 {
                return Ok(None);
            }
            if let Some((number, failure)) = &state.failure
                && state.failed != failed
                && (*number > begun || failure.is_transient())
            {
                return Err(failure.clone());
            }
            if state.attempts == 0 {
                break;
            }
            self.bell.wait(&mut state);
        }
        state.probing = true;
        Ok(Some(self.attempt(&mut state, true)))
    }

    /// An attempt of the pool's own, after that of a caller, whose connection it may take over.
    pub(crate) fn of_pool(self: &Arc<Self>) -> Result<Attempt> {
        let mut state = self.state.lock();
        let failed = state.failed;
        while state.probing {
            self.bell.wait(&mut state);
        }
        if let (true, Some((_, failure))) = (state.failed != failed, &state.failure) {
            return Err(failure.clone());
        }
        Ok(self.attempt(&mut state, false))
    }

    fn attempt(self: &Arc<Self>, state: &mut State, probing: bool) -> Attempt {
        state.attempts += 1;
        state.begun += 1;
        Attempt { arrivals: Arc::clone(self), number: state.begun, probing }
    }

    /// Why the last attempt failed, if it did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.state.lock().failure.as_ref().map(|(_, failure)| failure.clone())
    }

    fn note(&self, what: impl FnOnce(&mut State)) {
        what(&mut self.state.lock());
        self.bell.notify_all();
    }
}

impl Attempt {
    pub(crate) fn succeeded(&self) -> Open {
        self.arrivals.note(|state| {
            state.open += 1;
            state.failure = None;
        });
        Open(Arc::clone(&self.arrivals))
    }

    pub(crate) fn failed(&self, error: &Error) {
        self.arrivals.note(|state| {
            state.failed += 1;
            state.failure = Some((self.number, error.clone()));
        });
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.arrivals.note(|state| {
            state.attempts -= 1;
            state.probing &= !self.probing;
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.note(|state| state.open -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::thread::{scope, yield_now};

    use constance_core::ErrorKind;

    use super::*;

    /// Until so many wait. Who is woken for nothing goes on waiting.
    fn until_waiting(arrivals: &Arrivals, number: usize) {
        while arrivals.bell.notify_all() < number {
            yield_now();
        }
    }

    #[test]
    fn one_tries_and_the_others_share_what_comes_of_it() -> Result<()> {
        let arrivals = Arc::<Arrivals>::default();
        for fails in [true, false] {
            scope(|threads| {
                let attempt = arrivals.probe()?.expect("nobody else tries");
                let others: Vec<_> =
                    (0..8).map(|_| threads.spawn(|| arrivals.probe().map(|own| own.is_some()))).collect();
                until_waiting(&arrivals, others.len());
                let open = if fails {
                    attempt.failed(&Error::new(ErrorKind::Unavailable));
                    None
                } else {
                    Some(attempt.succeeded())
                };
                for other in others {
                    match other.join().expect("no panic") {
                        Ok(own) => assert!(!fails && !own),
                        Err(error) => assert!(fails && error.kind() == ErrorKind::Unavailable),
                    }
                }
                assert_eq!(arrivals.failure().is_some(), fails);
                drop((attempt, open));
                Ok::<(), Error>(())
            })?;
        }
        // What failed before is nothing to who comes later, nor is what was open.
        assert!(arrivals.probe()?.is_some());
        Ok(())
    }

    #[test]
    fn what_somebody_has_to_mend_is_tried_once_more() -> Result<()> {
        let arrivals = Arc::<Arrivals>::default();
        scope(|threads| {
            let first = arrivals.probe()?.expect("nobody else tries");
            let refused = || arrivals.probe().map(|own| own.map(|own| own.failed(&Error::new(ErrorKind::NotMigrated))));
            let others: Vec<_> = (0..8).map(|_| threads.spawn(refused)).collect();
            until_waiting(&arrivals, others.len());
            first.failed(&Error::new(ErrorKind::NotMigrated));
            drop(first);
            let tried = others.into_iter().map(|other| other.join().expect("no panic"));
            assert_eq!(
                tried.filter(|tried| matches!(tried, Ok(Some(())))).count(),
                1,
                "for all who came before it began"
            );
            Ok(())
        })
    }

    #[test]
    fn who_waits_for_an_attempt_that_ends_without_an_outcome_tries_himself() -> Result<()> {
        let arrivals = Arc::<Arrivals>::default();
        scope(|threads| {
            let attempt = arrivals.of_pool()?;
            let other = threads.spawn(|| arrivals.probe().map(|own| own.is_some()));
            until_waiting(&arrivals, 1);
            drop(attempt);
            assert!(other.join().expect("no panic")?);
            Ok(())
        })
    }

    #[test]
    fn the_pool_waits_for_a_caller_and_for_nobody_else() -> Result<()> {
        let arrivals = Arc::<Arrivals>::default();
        let own = [arrivals.of_pool()?, arrivals.of_pool()?];
        drop(own);
        scope(|threads| {
            let probe = arrivals.probe()?.expect("nobody else tries");
            let pool = threads.spawn(|| arrivals.of_pool().map(drop));
            until_waiting(&arrivals, 1);
            let open = probe.succeeded();
            // The connection is not put aside yet.
            until_waiting(&arrivals, 1);
            drop(probe);
            pool.join().expect("no panic")?;
            drop(open);
            let probe = arrivals.probe()?.expect("none is open any more");
            let pool = threads.spawn(|| arrivals.of_pool().map(drop));
            until_waiting(&arrivals, 1);
            probe.failed(&Error::new(ErrorKind::Denied));
            drop(probe);
            assert_eq!(pool.join().expect("no panic").map_err(|error| error.kind()), Err(ErrorKind::Denied));
            Ok(())
        })
    }
}
