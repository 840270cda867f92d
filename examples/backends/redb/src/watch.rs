//! The feed of what this process changes: nobody else has the file open.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use constance_core::{
    Result,
    backend::{Wake, Watch},
};

use crate::store::Changes;

pub(crate) struct Feed {
    changes: Arc<Changes>,
    seen: u64,
    is_interrupted: Arc<AtomicBool>,
}

impl Feed {
    pub(crate) fn new(changes: Arc<Changes>) -> Self {
        let seen = *changes.count();
        Self { changes, seen, is_interrupted: Arc::default() }
    }
}

impl Watch for Feed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        // A timeout that the clock cannot hold is none.
        let end = Instant::now().checked_add(timeout);
        let mut count = self.changes.count();
        loop {
            if self.is_interrupted.swap(false, Ordering::Relaxed) {
                return Ok(Wake::Interrupted);
            }
            if *count != self.seen {
                self.seen = *count;
                return Ok(Wake::Changed);
            }
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(Wake::TimedOut);
            }
            let waited = self.changes.more.wait_timeout(count, left.min(Duration::from_secs(86_400)));
            count = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let (changes, interrupted) = (Arc::clone(&self.changes), Arc::clone(&self.is_interrupted));
        Some(Box::new(move || {
            // Under the lock, so that no wait is between its look and its sleep.
            let _count = changes.count();
            interrupted.store(true, Ordering::Relaxed);
            changes.more.notify_all();
        }))
    }
}
