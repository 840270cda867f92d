//! The limit of threads with given-up jobs. It is counted for the whole process, so this test is a program of its own.
#![allow(clippy::expect_used)]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::yield_now;
use std::time::Duration;

use constance_core::ErrorKind;
use constance_pool::Worker;

#[test]
fn at_most_64_jobs_are_given_up() {
    let held: Vec<Sender<()>> = (0..64)
        .map(|_| {
            let (release, held): (Sender<()>, Receiver<()>) = channel();
            let worker = Worker::start().expect("a thread");
            let error = worker.run(Duration::ZERO, move || held.recv()).expect_err("it hangs");
            assert_eq!(error.kind(), ErrorKind::Timeout);
            release
        })
        .collect();
    let error = Worker::start().expect_err("64 are enough");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true));
    drop(held);
    // The count falls when the jobs end.
    while Worker::start().is_err() {
        yield_now();
    }
}
