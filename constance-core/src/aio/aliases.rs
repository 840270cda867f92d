//! Settings that have old names.

use super::{AsyncBackend, AsyncConfig};
use crate::config::KeyByKey;
use crate::{
    Codec, Result, Settings,
    backend::{Applied, Batch},
};

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// Makes all names of each setting agree where an old one differs from the new one, and gives the settings for which that was
    /// so: as [`Config::sync_aliases`](crate::Config::sync_aliases), before an alias is dropped.
    ///
    /// # Errors
    ///
    /// As [`Config::sync_aliases`](crate::Config::sync_aliases).
    pub async fn sync_aliases(&self) -> Result<Vec<&'static str>> {
        let mut settled = Vec::new();
        for (index, batch) in self.front().batches_to_sync(&self.find_all().await?)? {
            let applied = self.write_key_by_key(&batch, true).await;
            settled.extend(self.front().synced(index, applied)?);
        }
        Ok(settled)
    }

    /// Writes a batch as a whole, or, where the backend cannot and it `may` be so, its keys in turn.
    pub(super) async fn write_key_by_key(&self, batch: &Batch, may: bool) -> Result<Applied> {
        let applied = self.backend().write(batch).await;
        let Some(mut turn) = KeyByKey::after(&applied, batch, may) else { return applied };
        while let Some(one) = turn.next() {
            if let Some(conflict) = turn.take(self.backend().write(&one).await?) {
                return Ok(conflict);
            }
        }
        Ok(turn.end())
    }
}
