//! Several changes as a whole.

use super::{AsyncBackend, AsyncConfig};
use crate::{ChangeSet, Codec, Result, Settings};

/// Changes of several settings, applied as a whole or not at all; from [`AsyncConfig::change`].
///
/// ```
/// # use constance_core::Settings;
/// # use constance_core::aio::{AsyncConfig, Blocking};
/// # use constance_core::testing::ReferenceBackend as SomeBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = 42)]
/// #     the_answer: i64,
/// #     #[setting(default = "My Title")]
/// #     site_name: String,
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> constance_core::Result<()> {
/// # let config = AsyncConfig::<Shop>::new(Blocking::new(SomeBackend::new()));
/// config.change().set(Shop::THE_ANSWER, 43).set(Shop::SITE_NAME, "Shop".to_owned()).apply().await?;
/// config.change().expect(Shop::THE_ANSWER, 43).reset(Shop::SITE_NAME).apply().await?;
/// # Ok(())
/// # }
/// ```
pub type AsyncChangeSet<'c, S, C, B> = ChangeSet<'c, S, C, AsyncConfig<S, C, B>>;

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// Begins a set of changes that is applied as a whole or not at all.
    pub fn change(&self) -> AsyncChangeSet<'_, S, C, B> {
        ChangeSet::new(self, self.front())
    }
}

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncChangeSet<'_, S, C, B> {
    /// Writes everything, or nothing; also where the future is dropped. No changes: no I/O.
    ///
    /// # Errors
    ///
    /// As [`Config::set`](crate::Config::set), and as the `apply` of a [`Config`](crate::Config)'s change set.
    pub async fn apply(self) -> Result<()> {
        let writer = self.writer;
        match self.finished()? {
            steps if steps.is_empty() => Ok(()),
            steps => writer.apply(&steps).await,
        }
    }
}
