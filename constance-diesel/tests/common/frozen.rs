//! A server that stands still.
#![allow(clippy::expect_used, unreachable_pub)]

use constance_core::{Backend, Batch, Change, Encoded, ErrorKind, Prefix, Stored};

use crate::threads;

/// More calls than the pool has connections all end with a `Timeout`, which is that of the call: the other timeouts have to be
/// longer than anybody waits for a test. Their threads end when the server goes on.
pub fn every_call_ends<S>(backend: &dyn Backend, server: &mut S, pause: fn(&mut S), resume: fn(&mut S)) {
    let key = Prefix::empty().key("a").expect("a valid name");
    let write = || backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(&b"1"[..])))).map(drop);
    let read = || backend.read(&[&key]);
    write().expect("a write");
    let before = threads::count();
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
    resume(server);
    let found = loop {
        if let Ok(found) = read() {
            break found;
        }
    };
    assert_eq!(found, [Stored::Value(Encoded::from(&b"1"[..]))]);
    // Each connection of the pool has one.
    if let Some(before) = before {
        threads::until_at_most(before + 4);
    }
}
