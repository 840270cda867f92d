//! The feed of changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use constance_core::{
    Result,
    backend::{Wake, Watch},
};

use crate::error::classify;
use crate::{Client, ClientError};

/// Waits for the next revision of the store.
pub(crate) struct Feed {
    client: Client,
    seen: u64,
    is_interrupted: Arc<AtomicBool>,
}

impl Feed {
    pub(crate) fn new(client: Client) -> Result<Self, ClientError> {
        let seen = client.revision()?;
        Ok(Self { client, seen, is_interrupted: Arc::default() })
    }
}

impl Watch for Feed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        // A timeout that the clock cannot hold is none.
        let end = Instant::now().checked_add(timeout);
        let interrupted = &self.is_interrupted;
        let now = self.client.wait(self.seen, end, || interrupted.load(Ordering::Relaxed)).map_err(classify)?;
        if interrupted.swap(false, Ordering::Relaxed) {
            return Ok(Wake::Interrupted);
        }
        if now == self.seen {
            return Ok(Wake::TimedOut);
        }
        self.seen = now;
        Ok(Wake::Changed)
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let (client, interrupted) = (self.client.clone(), Arc::clone(&self.is_interrupted));
        Some(Box::new(move || {
            interrupted.store(true, Ordering::Relaxed);
            client.wake();
        }))
    }
}
