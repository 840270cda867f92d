//! Stored keys that no setting declares any more.

use super::{AsyncBackend, AsyncConfig};
use crate::{Action, Codec, ErrorKind, Result, Settings, StaleKeys};

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// Finds the stored keys that no setting declares. It lists the prefix, which may take many round trips.
    ///
    /// Under a prefix [without a separator](crate::Prefix::without_separator) these may be keys of another application.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    pub async fn stale_keys(&self) -> Result<StaleKeys> {
        let listed = self.backend().list(self.prefix()).await.map_err(|e| self.front().explain(e, Action::List))?;
        Ok(self.front().stale_among(listed))
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
