//! Stored keys that no setting declares any more.

use super::{AsyncBackend, AsyncConfig};
use crate::{Action, Codec, ErrorKind, Result, Settings, StaleKeys};

/// Stale keys in portions, from [`AsyncConfig::stale_portions`].
#[derive(Debug)]
pub struct StalePortions<'c, S: Settings, C: Codec, B: AsyncBackend> {
    config: &'c AsyncConfig<S, C, B>,
    /// Where the next portion begins; `None` where there is none.
    next: Option<Option<Vec<u8>>>,
}

impl<S: Settings, C: Codec, B: AsyncBackend> StalePortions<'_, S, C, B> {
    /// The next portion, or `None` after the last, and after an error.
    ///
    /// Where the future is dropped, nothing more comes.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub async fn next(&mut self) -> Result<Option<StaleKeys>> {
        let Some(from) = self.next.take() else { return Ok(None) };
        let config = self.config;
        let portion = config.backend().keys_from(config.prefix(), from.as_deref()).await;
        let portion = portion.map_err(|e| config.front().explain(e, Action::List))?;
        self.next = portion.next.clone().map(Some);
        Ok(Some(config.front().stale_among(portion)))
    }
}

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// Finds the stored keys that no setting declares. It lists the prefix, which may take many round trips.
    ///
    /// Under a prefix [without a separator](crate::Prefix::without_separator) these may be keys of another application.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub async fn stale_keys(&self) -> Result<StaleKeys> {
        let (mut portions, mut found) = (self.stale_portions(), Vec::new());
        while let Some(portion) = portions.next().await? {
            found.push(portion);
        }
        Ok(StaleKeys::all(found))
    }

    /// The same in portions, for a store of a great many: as [`Config::stale_portions`](crate::Config::stale_portions).
    pub fn stale_portions(&self) -> StalePortions<'_, S, C, B> {
        StalePortions { config: self, next: Some(None) }
    }

    /// Removes these keys: as a whole where the backend can, else one by one. Those already gone are no error.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked; then some may be removed.
    pub async fn remove_stale_keys(&self, stale: &StaleKeys) -> Result<()> {
        let explain = |e| self.front().explain(e, Action::Write);
        let Some(whole) = stale.removal()? else { return Ok(()) };
        match self.backend().write(&whole).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                for one in stale.removals() {
                    self.backend().write(&one).await.map_err(explain)?;
                }
                Ok(())
            }
            whole => whole.map(drop).map_err(explain),
        }
    }
}
