//! Calls that a signal interrupts, in a program of its own with one test: it stops itself.
#![allow(clippy::expect_used, unreachable_pub)]

use std::time::Duration;

use constance_core::{
    Backend, Prefix,
    backend::{Batch, Change, Encoded, Stored},
};
use constance_testserver::interrupt_this_process;

/// No call of such a test is to end by it.
pub const LONG: Duration = Duration::from_secs(600);

pub fn what_waits_is_answered(backend: &dyn Backend, pause: impl Fn(), resume: impl Fn()) {
    let key = Prefix::empty().key("theme").expect("a valid name");
    let write = || backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(&b"dark"[..])))).map(drop);
    backend.migrate().expect("tables");
    write().expect("a write");
    pause();
    std::thread::scope(|scope| {
        // Over a connection that is there already, and over those that have to be made.
        let reading = [(); 2].map(|()| scope.spawn(|| backend.read(&[&key])));
        let writing = scope.spawn(write);
        interrupt_this_process();
        resume();
        for thread in reading {
            let read = thread.join().expect("a read").expect("a read");
            assert_eq!(read, [Stored::Value(Encoded::from(&b"dark"[..]))]);
        }
        writing.join().expect("a write").expect("a write");
    });
}
