//! What is left of the writes to a server that is killed in the middle of them.
#![allow(clippy::expect_used, unreachable_pub)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use constance_core::{
    Backend, Prefix,
    backend::{Batch, Change, Encoded, Key, Stored},
};

/// Ten keys that are always written together.
fn parts() -> Vec<Key> {
    (0..10).map(|at| Prefix::empty().key(&format!("part-{at}")).expect("a valid name")).collect()
}

fn number_of(stored: &Stored) -> u64 {
    stored.value().map_or(0, |bytes| std::str::from_utf8(bytes.as_bytes()).expect("digits").parse().expect("a number"))
}

/// Kills the server three times under a writer, and starts it again on the same data: what was acknowledged is there, and the
/// one batch that was under way is there as a whole or not at all.
pub fn loses_nothing<S>(backend: &dyn Backend, server: &mut S, kill: fn(&mut S), restart: fn(&mut S)) {
    let keys = parts();
    let read = || backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read");
    for _ in 0..3 {
        let (acknowledged, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let first = number_of(&read()[0]) + 1;
        std::thread::scope(|scope| {
            let (keys, acknowledged, stop) = (&keys, &acknowledged, &stop);
            let writer = scope.spawn(move || {
                for round in first.. {
                    let value = Encoded::from(round.to_string().into_bytes());
                    let changes = keys.iter().map(|key| Change::set(key.clone(), value.clone())).collect();
                    if backend.write(&Batch::new(changes).expect("no key twice")).is_err() {
                        return;
                    }
                    acknowledged.store(round, Ordering::SeqCst);
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                }
            });
            while acknowledged.load(Ordering::SeqCst) < first + 20 {
                assert!(!writer.is_finished(), "a write failed while the server ran");
                std::thread::yield_now();
            }
            kill(server);
            stop.store(true, Ordering::SeqCst);
        });
        restart(server);
        let found = read();
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "torn: {found:?}");
        let (stored, acknowledged) = (number_of(&found[0]), acknowledged.load(Ordering::SeqCst));
        assert!(stored == acknowledged || stored == acknowledged + 1, "{stored} after {acknowledged}");
    }
    assert_eq!(backend.list(&Prefix::empty()).expect("a list").len(), keys.len());
}
