//! Feeds that are opened through the cache.

use std::sync::Arc;
use std::time::Duration;

use constance_core::{
    Prefix, Result, WatchMode,
    backend::{Wake, Watch},
};

use super::state::State;

/// A feed of the backend below. It drops the entries before it reports a change, since the caller is going to read through the
/// cache.
pub(super) struct InvalidatingWatch<W> {
    watch: W,
    state: Arc<State>,
    prefix: Prefix,
}

impl<W> InvalidatingWatch<W> {
    /// Wraps an open feed. Drops the entries: they may have been changed before the feed was open.
    pub(super) fn new(watch: W, state: Arc<State>, prefix: Prefix) -> Self {
        state.drop_under(&prefix);
        Self { watch, state, prefix }
    }
}

impl Watch for InvalidatingWatch<Box<dyn Watch>> {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let wake = self.watch.wait(timeout)?;
        if wake == Wake::Changed {
            self.state.drop_under(&self.prefix);
        }
        Ok(wake)
    }

    fn mode(&self) -> WatchMode {
        self.watch.mode()
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.watch.interrupter()
    }
}

#[cfg(feature = "tokio")]
impl constance_core::aio::AsyncWatch for InvalidatingWatch<Box<dyn constance_core::aio::AsyncWatch>> {
    fn changed(&mut self) -> constance_core::aio::BoxFuture<'_, Result<()>> {
        Box::pin(async {
            self.watch.changed().await?;
            self.state.drop_under(&self.prefix);
            Ok(())
        })
    }

    fn mode(&self) -> WatchMode {
        self.watch.mode()
    }
}
