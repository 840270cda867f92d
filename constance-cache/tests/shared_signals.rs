//! Calls that a signal interrupts. A program of its own with one test: it stops itself.
#![cfg(all(unix, feature = "memcached", feature = "redis"))]
#![allow(clippy::expect_used)]

mod common;

use std::time::Duration;

use common::server::Program;
use constance_cache::CacheStore;
use constance_cache::store::{Seen, Swap, SwapFrom};

#[test]
fn a_signal_cuts_no_call_short() {
    for program in [Program::Memcached, Program::Redis] {
        let Some(server) = program.start() else { continue };
        let store: Box<dyn CacheStore> = match program {
            Program::Memcached => Box::new(common::patient::memcached(&server.url())),
            Program::Redis => Box::new(common::patient::redis(&server.url())),
        };
        let put = |key| {
            let swap = Swap { key, from: SwapFrom::Any, to: b"dark", ttl: Duration::from_secs(600) };
            store.swap(&[swap])
        };
        put("theme").expect("a write");
        server.pause();
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| store.read(&["theme"]));
            let writing = scope.spawn(|| put("size"));
            constance_testserver::interrupt_this_process();
            server.resume();
            let read = reading.join().expect("a read").expect("a read");
            assert!(matches!(&read[..], [Seen::Cell(cell)] if cell.bytes == b"dark"), "{program:?}: {read:?}");
            let written = writing.join().expect("a write").expect("a write");
            assert!(written[0].is_some(), "{program:?}");
        });
    }
}
