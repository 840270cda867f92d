//! Calls that a signal interrupts. Linux does so wherever a socket has a timeout, even if the handler of the signal asks for a
//! restart.

/// How often in a row an interrupted call is repeated.
pub(super) const MAX_INTERRUPTIONS: usize = 16;

/// Repeats what a signal interrupted. Only for what may be done twice.
pub(super) fn retry<T, E>(is_interrupted: impl Fn(&E) -> bool, mut work: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    for _ in 0..MAX_INTERRUPTIONS {
        match work() {
            Err(error) if is_interrupted(&error) => {}
            done => return done,
        }
    }
    work()
}
