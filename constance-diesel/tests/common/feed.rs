//! What a feed of changes does, whichever way it hears of them; in any database.

use std::time::Duration;

use constance_core::{Backend, Prefix, backend::Wake};

use super::{LONG, store};

/// Another thread waits while a value is stored.
pub(crate) fn a_change_during_a_wait_wakes(backend: &dyn Backend) {
    let mut feed = backend.watch(&Prefix::empty()).expect("a feed");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || feed.wait(LONG).expect("a wake"));
        store(backend, "a", b"1");
        assert_eq!(waiting.join().expect("no panic"), Wake::Changed);
    });
}

/// Before a wait, and during one that is longer than `LONG`.
pub(crate) fn an_interruption_is_never_lost(backend: &dyn Backend) {
    let mut feed = backend.watch(&Prefix::empty()).expect("a feed");
    let interrupt = feed.interrupter().expect("an interrupter");
    interrupt();
    assert_eq!(feed.wait(LONG).expect("a wait"), Wake::Interrupted, "called before the wait");
    assert_eq!(feed.wait(Duration::ZERO).expect("a look"), Wake::TimedOut, "once");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || feed.wait(LONG * 10).expect("a wait"));
        interrupt();
        assert_eq!(waiting.join().expect("no panic"), Wake::Interrupted);
    });
}
