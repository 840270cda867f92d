//! Stored keys that this program does not declare.

use super::{AsyncBackend, AsyncConfig};
use crate::config::joined;
use crate::{Action, Codec, ErrorKind, Result, Settings};

/// Names that this program does not declare, in portions, from [`AsyncConfig::stale_portions`].
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
    pub async fn next(&mut self) -> Result<Option<Vec<String>>> {
        let Some(from) = self.next.take() else { return Ok(None) };
        let config = self.config;
        let portion = config.backend().keys_from(config.prefix(), from.as_deref()).await;
        let portion = portion.map_err(|e| config.front().explain(e, Action::List))?;
        self.next = portion.next.clone().map(Some);
        Ok(Some(config.front().stale_among(portion)))
    }
}

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// The names under which something is stored that this program does not declare: as
    /// [`Config::stale_keys`](crate::Config::stale_keys). Another program may use them.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub async fn stale_keys(&self) -> Result<Vec<String>> {
        let (mut portions, mut found) = (self.stale_portions(), Vec::new());
        while let Some(portion) = portions.next().await? {
            found.push(portion);
        }
        Ok(joined(found))
    }

    /// The same in portions, for a store of a great many: as [`Config::stale_portions`](crate::Config::stale_portions).
    pub fn stale_portions(&self) -> StalePortions<'_, S, C, B> {
        StalePortions { config: self, next: Some(None) }
    }

    /// Removes what is stored under these names: as [`Config::remove_stale_keys`](crate::Config::remove_stale_keys). Gives those
    /// under which something was stored.
    ///
    /// # Errors
    ///
    /// `Invalid` where this program declares one of them, or where one cannot be a name; then nothing is removed. Otherwise
    /// where the store could not be asked; then some may be removed.
    pub async fn remove_stale_keys<N: AsRef<str>>(&self, names: impl IntoIterator<Item = N>) -> Result<Vec<String>> {
        let removal = self.front().removal(names)?;
        let explain = |e| self.front().explain(e, Action::Write);
        let Some(whole) = removal.whole()? else { return Ok(Vec::new()) };
        let applied = match self.backend().write(&whole).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                let mut applied = Vec::new();
                for one in removal.each() {
                    applied.push(self.backend().write(&one).await.map_err(explain)?);
                }
                applied
            }
            whole => vec![whole.map_err(explain)?],
        };
        Ok(removal.removed(applied))
    }
}
