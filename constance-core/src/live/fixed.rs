//! Values that stay as they are.

use std::sync::Arc;
use std::time::Duration;

use super::{Core, Keeper, Live, LiveMode};
use crate::SystemClock;
use crate::events::Origin;

impl<S: Clone + Send + Sync + 'static> Live<S> {
    /// A handle that gives these values for ever, for the unit test of code that is given a `Live`.
    ///
    /// There is no store and no thread. [`status`](Self::status) says [`LiveMode::Fixed`] and an age of zero, and
    /// [`wait_for_change`](Self::wait_for_change) waits in vain. For a test in which values change, take the `live()` of a
    /// `Config` over a `MemoryBackend`.
    ///
    /// ```
    /// # use constance_core::{Live, Settings};
    /// # #[derive(Clone, Settings)]
    /// # struct Shop {
    /// #     #[setting(default = 42)]
    /// #     the_answer: i64,
    /// #     #[setting(default = "My Title")]
    /// #     site_name: String,
    /// # }
    /// /// What the service does.
    /// fn greeting(live: &Live<Shop>) -> String {
    ///     let shop = live.load();
    ///     format!("{}: {}", shop.site_name, shop.the_answer)
    /// }
    ///
    /// let live = Live::fixed(Shop { the_answer: 43, ..Shop::defaults() });
    /// assert_eq!(greeting(&live), "My Title: 43");
    /// ```
    #[must_use]
    pub fn fixed(values: S) -> Self {
        let core = Core::new(
            Arc::new(values),
            Arc::new(SystemClock),
            Box::new(|values, _| (Arc::clone(values), None)),
            Box::new(|_| (Some(Duration::ZERO), Vec::new(), None)),
            Box::new(|_| false),
        );
        core.note_load(Origin { began: core.now(), older: Duration::ZERO }, None);
        core.note_mode(LiveMode::Fixed);
        Self::new(Arc::new(Keeper::new(Arc::new(core))), None)
    }
}
