//! The macros that make tests of cases.

/// Makes one `#[test]` for each case of the conformance suite.
///
/// It takes a function (or closure) that opens a backend, or an `Option` of one: `None` where the service is missing.
/// Each call opens a backend on the same store where the store is shared between backends, else on a new one.
///
/// ```
/// # fn main() {}
/// use constance_core::testing::ReferenceBackend;
///
/// constance_core::conformance_tests!(ReferenceBackend::new);
///
/// // The same suite over another way to open it, as a module of its own.
/// constance_core::conformance_tests!(mod boxed: || Box::new(ReferenceBackend::new()));
/// ```
#[macro_export]
macro_rules! conformance_tests {
    ($(#[$attribute:meta])* mod $name:ident: $make:expr $(,)?) => {
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $crate::conformance_tests!($make);
        }
    };
    ($make:expr $(,)?) => {
        $crate::conformance_cases! { [$crate::__conformance_test] $make }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_test {
    (($make:expr) $($group:ident::$case:ident,)*) => {
        $(
            #[test]
            fn $case() {
                $crate::testing::Case::new(stringify!($case), $crate::testing::cases::$group::$case).run($make);
            }
        )*
    };
}
