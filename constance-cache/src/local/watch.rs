//! Feeds that are opened through the cache.

use std::sync::Arc;
use std::time::Duration;

use constance_core::{
    Prefix, Result, WatchMode,
    backend::{ChangedKeys, Wake, Watch},
};

use super::state::State;

/// A feed of the backend below. It drops the entries before it reports a change, since the caller is going to read through the
/// cache.
pub(super) struct InvalidatingWatch<W> {
    watch: W,
    state: Arc<State>,
    prefix: Prefix,
    /// What was dropped and not yet asked for.
    dropped: ChangedKeys,
}

impl<W> InvalidatingWatch<W> {
    /// Wraps an open feed. Drops the entries: they may have been changed before the feed was open.
    pub(super) fn new(watch: W, state: Arc<State>, prefix: Prefix) -> Self {
        state.drop_under(&prefix);
        Self { watch, state, prefix, dropped: ChangedKeys::none() }
    }

    fn drop_changed(&mut self, changed: ChangedKeys) {
        self.state.drop_changed(&self.prefix, &changed);
        self.dropped.join(changed);
    }
}

#[deny(clippy::missing_trait_methods)]
impl Watch for InvalidatingWatch<Box<dyn Watch>> {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let wake = self.watch.wait(timeout)?;
        if wake == Wake::Changed {
            let changed = self.watch.changed_keys();
            self.drop_changed(changed);
        }
        Ok(wake)
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        self.dropped.take()
    }

    fn catch_up(&mut self) -> Result<bool> {
        if !self.watch.catch_up()? {
            return Ok(false);
        }
        // The caller may read what is named now.
        let changed = self.watch.changed_keys();
        self.drop_changed(changed);
        Ok(true)
    }

    fn mode(&self) -> WatchMode {
        self.watch.mode()
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.watch.interrupter()
    }
}

#[cfg(feature = "tokio")]
#[deny(clippy::missing_trait_methods)]
impl constance_core::aio::AsyncWatch for InvalidatingWatch<Box<dyn constance_core::aio::AsyncWatch>> {
    fn changed(&mut self) -> constance_core::aio::BoxFuture<'_, Result<()>> {
        Box::pin(async {
            self.watch.changed().await?;
            let changed = self.watch.changed_keys();
            self.drop_changed(changed);
            Ok(())
        })
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        self.dropped.take()
    }

    fn catch_up(&mut self) -> constance_core::aio::BoxFuture<'_, Result<bool>> {
        Box::pin(async {
            if !self.watch.catch_up().await? {
                return Ok(false);
            }
            let changed = self.watch.changed_keys();
            self.drop_changed(changed);
            Ok(true)
        })
    }

    fn mode(&self) -> WatchMode {
        self.watch.mode()
    }
}
