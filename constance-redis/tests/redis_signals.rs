//! Calls that a signal interrupts. A program of its own with one test: it stops itself.
#![cfg(unix)]
#![allow(clippy::expect_used)]

mod common;

use std::time::Duration;

use common::{Server, backend, prefix, read, value, write};
use constance_core::{Backend, backend::Wake};
use constance_testserver::interrupt_this_process;

#[test]
fn a_signal_cuts_no_read_short_and_ends_no_feed() {
    let Some(server) = Server::start() else { return };
    what_waits_is_answered(&backend(&server), || server.pause(), || server.resume());
    a_feed_goes_on(&backend(&server));
    #[cfg(feature = "cluster")]
    {
        let cluster = common::cluster::Cluster::start(false).expect("a server is installed");
        let nodes = &cluster.nodes;
        let backend = common::long_timeouts(&cluster.url());
        let pause = || nodes.iter().for_each(|node| node.pause());
        what_waits_is_answered(&backend, pause, || nodes.iter().for_each(|node| node.resume()));
    }
}

fn what_waits_is_answered(backend: &dyn Backend, pause: impl Fn(), resume: impl Fn()) {
    write(backend, "theme", b"dark").expect("a write");
    pause();
    std::thread::scope(|scope| {
        // A connection that is there already, and one that has to be made.
        let reading = [(); 2].map(|()| scope.spawn(|| read(backend, "theme")));
        interrupt_this_process();
        resume();
        for thread in reading {
            assert_eq!(thread.join().expect("a read").expect("a read"), value(b"dark"));
        }
    });
}

fn a_feed_goes_on(backend: &dyn Backend) {
    let minute = Duration::from_secs(60);
    let mut feed = backend.watch(&prefix("constance:")).expect("a feed");
    assert_eq!(feed.wait(Duration::ZERO).expect("open"), Wake::TimedOut);
    interrupt_this_process();
    assert_eq!(feed.wait(Duration::ZERO).expect("it is open still"), Wake::TimedOut);
    write(backend, "theme", b"light").expect("a write");
    assert_eq!(feed.wait(minute).expect("it is open still"), Wake::Changed);
}
