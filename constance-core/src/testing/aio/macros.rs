//! The macros that make tests of cases for asynchronous backends.

/// Hands the names of all cases for asynchronous backends to a macro, as
/// [`conformance_cases!`](crate::conformance_cases) does.
#[macro_export]
macro_rules! async_conformance_cases {
    ([$($callback:tt)+] $($arguments:tt)*) => {
        $($callback)+! { ($($arguments)*)
            dropping::unpolled_write_does_nothing,
            dropping::dropped_write_is_whole_or_nothing,
            dropping::dropped_read_leaves_no_reply_behind,
            dropping::dropped_calls_do_not_disturb_their_neighbours,
            dropping::dropped_write_leaves_no_reply_behind,
            dropping::dropped_calls_leave_it_usable,
            dropping::dropped_wait_loses_no_change,
            tasks::every_task_gets_its_own_replies,
            tasks::tasks_count_exactly,
            tasks::peek_agrees_with_read,
            tasks::pointers_are_asynchronous_backends,
        }
    };
}

/// Makes one `#[test]` for each case of the conformance suite, and for each that only asynchronous backends have.
///
/// It takes a function (or closure) that opens an [`AsyncBackend`](crate::aio::AsyncBackend), or an `Option` of one: `None`
/// where the service is missing. It is called in the suite's runtime.
///
/// ```
/// # fn main() {}
/// use constance_core::aio::Blocking;
/// use constance_core::testing::ReferenceBackend;
///
/// constance_core::async_conformance_tests!(|| Blocking::new(ReferenceBackend::new()));
///
/// // As a module of its own.
/// constance_core::async_conformance_tests!(mod boxed: || Box::new(Blocking::new(ReferenceBackend::new())));
/// ```
#[macro_export]
macro_rules! async_conformance_tests {
    ($(#[$attribute:meta])* mod $name:ident: $make:expr $(,)?) => {
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $crate::async_conformance_tests!($make);
        }
    };
    ($make:expr $(,)?) => {
        $crate::conformance_tests!($crate::testing::aio::bridged($make));
        $crate::async_conformance_cases! { [$crate::__async_conformance_test] $make }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __async_conformance_test {
    (($make:expr) $($group:ident::$case:ident,)*) => {
        $(
            #[test]
            fn $case() {
                $crate::testing::aio::AsyncCase::new(
                    stringify!($case),
                    $crate::testing::aio::$group::$case,
                ).run($make);
            }
        )*
    };
}
