//! Settings inside a transaction of the application's.

use super::{AsyncBackend, AsyncConfig};
use crate::{Backend, Codec, Result, Settings, TransactionChanges, TransactionConfig};

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// The settings inside a transaction that blocks, as diesel's do, so that it runs in a thread that may: as
    /// [`Config::within`](crate::Config::within). No I/O.
    pub fn within<'c, T: Backend + ?Sized>(&'c self, store: &'c T) -> TransactionConfig<'c, S, C, T> {
        self.sync.within(store)
    }

    /// Catches up with what was written within a transaction that is committed now.
    ///
    /// # Errors
    ///
    /// As [`Config::committed`](crate::Config::committed).
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use constance_core::Settings;
    /// # use constance_core::aio::{AsyncConfig, Blocking};
    /// # use constance_core::testing::ReferenceBackend as SomeBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let in_transaction = Arc::new(SomeBackend::new());
    /// # let config = AsyncConfig::<Shop>::new(Blocking::new(in_transaction.clone()));
    /// let within = config.clone();
    /// let written = tokio::task::spawn_blocking(move || {
    ///     // Inside the transaction.
    ///     let settings = within.within(&in_transaction);
    ///     settings.set(Shop::THE_ANSWER, 43)?;
    ///     Ok::<_, constance_core::Error>(settings.into_changes())
    /// });
    /// config.committed(written.await??).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn committed(&self, changes: TransactionChanges<S>) -> Result<()> {
        let Some(update) = self.front().committed(changes) else { return Ok(()) };
        let forgotten = self.backend().forget(&update.keys()).await;
        let Some(settling) = update.end(forgotten)? else { return Ok(()) };
        let found = self.find(settling.indices()).await;
        settling.take_or_error(found)
    }
}
