//! Cases for wrappers: what a cache or a tracing layer does while the backend inside fails.

pub mod faults;
pub mod forwarding;

mod fixture;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

pub use self::fixture::WrapperFixture;
use super::case::late;
use super::deadline::{self, Unfinished, within};
use super::{FaultyBackend, Outcome, ReferenceBackend};
use crate::Backend;

/// The backend that a wrapper is tested over.
pub type Inner = Arc<FaultyBackend<ReferenceBackend>>;

/// One promise that a wrapper keeps.
#[derive(Debug, Clone, Copy)]
pub struct WrapperCase {
    name: &'static str,
    run: fn(&WrapperFixture<'_>),
}

impl WrapperCase {
    /// A case of this name. Those of the suite are in [`ALL`].
    #[must_use]
    pub const fn new(name: &'static str, run: fn(&WrapperFixture<'_>)) -> Self {
        Self { name, run }
    }

    /// The name: what is promised.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case as a test: panics where the promise is broken, or where the case does not end within 30 seconds
    /// (`CONSTANCE_SUITE_SECONDS`).
    pub fn run<B, F>(self, wrap: F)
    where
        B: Backend + 'static,
        F: Fn(Inner) -> B + Send + Sync + 'static,
    {
        match self.within(deadline::of_case(), wrap) {
            Ok(()) => {}
            Err(Unfinished::Panicked(panic)) => resume_unwind(panic),
            Err(Unfinished::Late) => panic!("{}", late(self.name, deadline::of_case())),
        }
    }

    /// Runs the case and tells how it ended, a case that does not end in time being a failed one.
    pub fn check<B, F>(self, wrap: F, deadline: Duration) -> Outcome
    where
        B: Backend + 'static,
        F: Fn(Inner) -> B + Send + Sync + 'static,
    {
        match self.within(deadline, wrap) {
            Ok(()) => Outcome::Passed,
            Err(Unfinished::Panicked(panic)) => Outcome::Failed(deadline::message(&*panic)),
            Err(Unfinished::Late) => Outcome::Failed(late(self.name, deadline)),
        }
    }

    fn within<B, F>(self, deadline: Duration, wrap: F) -> Result<(), Unfinished>
    where
        B: Backend + 'static,
        F: Fn(Inner) -> B + Send + Sync + 'static,
    {
        within(self.name, deadline, move || (self.run)(&WrapperFixture::new(&|inner| Box::new(wrap(inner)))))
    }
}

macro_rules! table {
    (() $($group:ident::$case:ident,)*) => {
        /// Every case for wrappers, in the order of
        /// [`wrapper_conformance_cases!`](crate::wrapper_conformance_cases).
        pub const ALL: &[WrapperCase] = &[$(WrapperCase::new(stringify!($case), $group::$case)),*];
    };
}

crate::wrapper_conformance_cases! { [table] }

/// Hands the names of all cases for wrappers to a macro, as [`conformance_cases!`](crate::conformance_cases) does.
#[macro_export]
macro_rules! wrapper_conformance_cases {
    ([$($callback:tt)+] $($arguments:tt)*) => {
        $($callback)+! { ($($arguments)*)
            faults::outage_is_not_absence,
            faults::visitor_is_not_called_in_an_outage,
            faults::outage_fails_every_other_call,
            faults::outage_is_not_remembered,
            faults::single_failures_are_errors,
            faults::failed_write_is_an_error_and_changes_nothing,
            faults::lost_reply_is_looked_up,
            faults::conflict_shows_what_the_store_has,
            faults::late_read_does_not_undo_a_write,
            faults::foreign_things_stay_foreign,
            forwarding::wrapping_does_no_io,
            forwarding::reading_never_writes_inside,
            forwarding::write_is_in_the_store_and_seen_at_once,
            forwarding::empty_and_absent_stay_apart,
            forwarding::one_read_is_one_call,
            forwarding::previous_values_come_from_the_store,
            forwarding::batch_stays_one_batch,
            forwarding::wrapper_claims_no_more_than_the_inner,
            forwarding::default_prefix_is_passed_on,
            forwarding::what_the_store_says_is_passed_on,
            forwarding::how_old_an_answer_is_is_passed_on,
            forwarding::how_a_feed_learns_of_changes_is_passed_on,
            forwarding::ping_and_migrate_reach_the_store,
            forwarding::declared_keys_are_passed_on,
            forwarding::what_is_to_be_forgotten_is_passed_on,
            forwarding::what_is_remembered_is_said_and_forgotten,
        }
    };
}

/// Makes one `#[test]` for each case of the suite for wrappers.
///
/// It takes a function from [`Inner`](crate::testing::wrappers::Inner) to the wrapper over it. A wrapper runs the
/// [whole suite](crate::conformance_tests) besides.
///
/// ```
/// # fn main() {}
/// use constance_core::testing::ReferenceBackend;
/// use constance_core::testing::wrappers::Inner;
///
/// // The simplest wrapper is an `Arc`.
/// constance_core::wrapper_conformance_tests!(|inner: Inner| inner);
/// constance_core::conformance_tests!(mod suite: || std::sync::Arc::new(ReferenceBackend::new()));
/// ```
#[macro_export]
macro_rules! wrapper_conformance_tests {
    ($(#[$attribute:meta])* mod $name:ident: $wrap:expr $(,)?) => {
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $crate::wrapper_conformance_tests!($wrap);
        }
    };
    ($wrap:expr $(,)?) => {
        $crate::wrapper_conformance_cases! { [$crate::__wrapper_conformance_test] $wrap }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __wrapper_conformance_test {
    (($wrap:expr) $($group:ident::$case:ident,)*) => {
        $(
            #[test]
            fn $case() {
                $crate::testing::wrappers::WrapperCase::new(
                    stringify!($case),
                    $crate::testing::wrappers::$group::$case,
                ).run($wrap);
            }
        )*
    };
}
