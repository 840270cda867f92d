//! Stored values of django-constance 1 to 3, converted in place.

use super::{AsyncBackend, AsyncConfig};
use crate::{Action, Codec, ConvertedLegacy, LegacyValues, Result, Settings};

impl<S: Settings, C: Codec, B: AsyncBackend> AsyncConfig<S, C, B> {
    /// Finds the values under the prefix that are pickles. It lists the prefix, which may take many round trips, and writes
    /// nothing.
    ///
    /// # Errors
    ///
    /// As [`Config::legacy_values`](crate::Config::legacy_values): `Configuration` where the codec is not
    /// [`Json`](crate::Json); where the store could not be asked.
    pub async fn legacy_values(&self) -> Result<LegacyValues> {
        self.front().reads_what_legacy_values_become()?;
        let listed = self.backend().list(self.prefix()).await.map_err(|e| self.front().explain(e, Action::List))?;
        Ok(self.front().legacy_among(listed))
    }

    /// Stores what django-constance 4 would store in place of each of these values, where it is still there: one write each,
    /// which can be repeated at any time.
    ///
    /// A django-constance before 4 cannot read them any more. No handler is called: the values are the same. Where the future
    /// is dropped, some are converted, each as a whole; the next [`legacy_values`](Self::legacy_values) finds the others.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked; then some may be converted.
    ///
    /// ```
    /// # use constance_core::aio::{AsyncBackend, AsyncConfig, Blocking};
    /// # use constance_core::{backend::{Batch, Change, Encoded}, Json, Settings};
    /// # use constance_core::testing::ReferenceBackend as SomeBackend;
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 1, rename = "THE_ANSWER")]
    /// #     the_answer: i64,
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> constance_core::Result<()> {
    /// let backend = Blocking::new(SomeBackend::new());
    /// let config = AsyncConfig::<Shop>::builder(backend).codec(Json::new()).build()?;
    /// # let key = config.prefix().key("THE_ANSWER")?;
    /// # config.backend().write(&Batch::one(Change::set(key, Encoded::from(&b"\x80\x04K\x2a."[..])))).await?;
    /// assert!(config.get(Shop::THE_ANSWER).await.is_err());
    ///
    /// let found = config.legacy_values().await?;
    /// assert_eq!(config.convert_legacy(&found).await?.converted, ["THE_ANSWER"]);
    /// assert_eq!(config.get(Shop::THE_ANSWER).await?, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn convert_legacy(&self, found: &LegacyValues) -> Result<ConvertedLegacy> {
        let mut done = ConvertedLegacy::none();
        for one in found.conversions() {
            let applied = self.backend().write(&one.batch).await;
            self.front().converted(&mut done, &one, applied)?;
        }
        Ok(done)
    }
}
