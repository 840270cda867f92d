//! Unique numbers.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// A number that no other call gives, in this process or another.
pub(crate) fn unique_id() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // The state is seeded by the system; the rest is for a system whose seeds are few.
    RandomState::new().hash_one((count, SystemTime::now(), std::process::id()))
}
