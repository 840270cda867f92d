//! Killing a server while many threads call it.
#![allow(clippy::expect_used, unreachable_pub)]

use std::sync::atomic::{AtomicUsize, Ordering};

use constance_core::{
    Backend, ErrorKind, Prefix,
    backend::{Batch, Change, Encoded},
};

/// More threads than the pool of any backend in these tests has connections.
const THREADS: usize = 6;

/// Six threads read or write until a call fails, and the server is killed meanwhile. Each error has to be an outage: no
/// call waits in the pool until its timeout, which has to be longer than the test may take.
pub fn nobody_waits<S>(backend: &dyn Backend, server: &mut S, kill: fn(&mut S), restart: fn(&mut S)) {
    let key = Prefix::new("constance:").expect("a prefix").key("a").expect("a valid name");
    let write = || backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(&b"1"[..])))).map(drop);
    let read = || backend.read(&[&key]).map(drop);
    let calls: [&(dyn Fn() -> constance_core::Result<()> + Sync); 2] = [&read, &write];
    for call in calls {
        let done = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let until_it_fails = || {
                loop {
                    match call() {
                        Ok(()) => done.fetch_add(1, Ordering::SeqCst),
                        Err(error) => return error,
                    };
                }
            };
            let callers: Vec<_> = (0..THREADS).map(|_| scope.spawn(until_it_fails)).collect();
            while done.load(Ordering::SeqCst) < 20 * THREADS {
                assert!(!callers.iter().any(|caller| caller.is_finished()), "a call failed while the server ran");
                std::thread::yield_now();
            }
            kill(server);
            for caller in callers {
                let error = caller.join().expect("no panic");
                assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{error}");
            }
        });
        restart(server);
        read().expect("it is there again");
    }
}
