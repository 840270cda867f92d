//! A server that stands still.
#![allow(clippy::expect_used, unreachable_pub)]

use std::time::Duration;

use constance_core::{
    Backend, ErrorKind, Prefix,
    backend::{Batch, Change, Encoded, Stored, Wake},
};
use constance_diesel::{Dialect, DieselBackend};
use constance_testserver::threads;

/// More calls than the pool has connections all end with a `Timeout`, which is that of the call: the other timeouts have to be
/// longer than anybody waits for a test. Their threads end when the server goes on.
pub fn every_call_ends<C: Dialect, S>(
    backend: &DieselBackend<C>,
    server: &mut S,
    pause: fn(&mut S),
    resume: fn(&mut S),
) {
    let key = Prefix::empty().key("a").expect("a valid name");
    let write = || backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(&b"1"[..])))).map(drop);
    let read = || backend.read(&[&key]);
    // On a busy machine the timeout is short also for a server that does not stand still.
    until(write);
    let before = threads::count();
    let mut feed = until(|| {
        let mut feed = backend.watch(&Prefix::empty())?;
        while feed.wait(Duration::ZERO)? == Wake::Changed {}
        Ok(feed)
    });
    pause(server);
    let failed = |call: constance_core::Result<()>| {
        let error = call.expect_err("the server stands still");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true), "{error}");
    };
    std::thread::scope(|scope| {
        // Some have a connection, some wait for one, and some make one.
        for _ in 0..6 {
            scope.spawn(|| failed(read().map(drop)));
        }
    });
    failed(write());
    failed(read().map(drop));
    failed(backend.list(&Prefix::empty()).map(drop));
    failed(backend.visit(&key, &mut |_| {}));
    failed(backend.keys_from(&Prefix::empty(), None).map(drop));
    failed(backend.warnings().map(drop));
    failed(backend.pending().map(drop));
    failed(backend.watch(&Prefix::empty()).map(drop));
    // One that is told of changes waits for them, one that looks has to end.
    match feed.wait(Duration::ZERO) {
        Ok(wake) => assert_eq!(wake, Wake::TimedOut),
        error => failed(error.map(drop)),
    }
    drop(feed);
    resume(server);
    assert_eq!(until(read), [Stored::Value(Encoded::from(&b"1"[..]))]);
    // Each connection of the pool has one.
    if let Some(before) = before {
        threads::until_at_most(before + 4);
    }
}

fn until<T>(mut ask: impl FnMut() -> constance_core::Result<T>) -> T {
    loop {
        if let Ok(answer) = ask() {
            return answer;
        }
    }
}
