//! Cases for a backend whose store cannot be reached: what it answers is never "nothing is stored".

use super::fixture::skip;
use super::secrecy::{SECRET, expect_secrecy};
use super::{Case, Fixture};
use crate::{
    Error, ErrorKind, Result,
    backend::{Batch, Change, Encoded, Expect, Key},
};

macro_rules! table {
    (() $($case:ident,)*) => {
        /// Every case for a store that cannot be reached, in the order of
        /// [`unreachable_backend_cases!`](crate::unreachable_backend_cases).
        pub const ALL: &[Case] = &[$(Case::new(stringify!($case), $case)),*];
    };
}

crate::unreachable_backend_cases! { [table] }

/// Hands the names of all cases for a store that cannot be reached to a macro, as
/// [`conformance_cases!`](crate::conformance_cases) does; each is a function of
/// [`testing::unreachable`](crate::testing::unreachable).
#[macro_export]
macro_rules! unreachable_backend_cases {
    ([$($callback:tt)+] $($arguments:tt)*) => {
        $($callback)+! { ($($arguments)*)
            reads_are_errors,
            visitor_is_not_called,
            listings_are_errors,
            writes_are_errors,
            other_calls_are_errors,
            errors_show_no_secret,
            backend_shows_no_secret,
        }
    };
}

/// Makes one `#[test]` for each case of a backend whose store cannot be reached.
///
/// It takes a function (or closure) that makes a backend of a store that is not there: at a port where nothing listens, in a
/// folder that does not exist. Making it must succeed, since it does no I/O. Where it takes a password, let it be `hunter2`,
/// which the cases look for.
///
/// ```
/// # fn main() {}
/// use constance_core::ErrorKind;
/// use constance_core::testing::{FaultyBackend, ReferenceBackend};
///
/// constance_core::unreachable_backend_tests!(|| {
///     let backend = FaultyBackend::new(ReferenceBackend::new());
///     backend.fail_all(ErrorKind::Unavailable);
///     backend
/// });
/// ```
#[macro_export]
macro_rules! unreachable_backend_tests {
    ($(#[$attribute:meta])* mod $name:ident: $make:expr $(,)?) => {
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $crate::unreachable_backend_tests!($make);
        }
    };
    ($make:expr $(,)?) => {
        $crate::unreachable_backend_cases! { [$crate::__unreachable_backend_test] $make }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __unreachable_backend_test {
    (($make:expr) $($case:ident,)*) => {
        $(
            #[test]
            fn $case() {
                $crate::testing::Case::new(stringify!($case), $crate::testing::unreachable::$case).run($make);
            }
        )*
    };
}

#[track_caller]
fn expect_outage<T>(result: Result<T>, call: &str) -> Error {
    let Err(error) = result else { panic!("broken: a store that cannot be reached is an error, but {call} succeeded") };
    let right = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
    assert!(right, "{call} of a store that cannot be reached is `Unavailable` or `Timeout`, not {:?}", error.kind());
    error
}

/// A setting of the suite, whose value is a secret.
fn change(key: &Key) -> Change {
    Change::set(key.clone(), Encoded::from(SECRET.as_bytes()))
}

/// Neither one key nor several are absent.
pub fn reads_are_errors(f: &Fixture<'_>) {
    let (one, other) = (f.key("one"), f.key("other"));
    expect_outage(f.backend().read(&[&one]), "a read of one key");
    expect_outage(f.backend().read(&[&one, &other]), "a read of two keys");
    expect_outage(f.backend().read_with_age(&[&one]), "a read with its age");
    // A second one is no other: the first left nothing behind.
    expect_outage(f.backend().read(&[&one]), "a second read");
}

/// A visitor is shown nothing, not even absence.
pub fn visitor_is_not_called(f: &Fixture<'_>) {
    let mut called = false;
    expect_outage(f.backend().visit(&f.key("theme"), &mut |_| called = true), "a visit");
    assert!(!called, "broken: an outage is never \"absent\"; the visitor of a failed visit was called");
}

/// The store is not empty.
pub fn listings_are_errors(f: &Fixture<'_>) {
    expect_outage(f.backend().list(&f.prefix("")), "a listing");
    expect_outage(f.backend().keys_from(&f.prefix(""), None), "a portion of the keys");
}

/// Nothing is done, and nothing is a conflict: nobody has seen what is stored.
pub fn writes_are_errors(f: &Fixture<'_>) {
    let (one, other) = (f.key("one"), f.key("other"));
    expect_outage(f.backend().write(&Batch::one(change(&one))), "a write");
    expect_outage(f.backend().write(&Batch::one(Change::remove(one.clone()))), "a removal");
    let created = change(&one).expecting(Expect::Absent);
    expect_outage(f.backend().write(&Batch::one(created)), "a write that expects something");
    let several = Batch::new(vec![change(&one), change(&other)]).expect("two keys");
    let written = f.backend().write(&several);
    if !matches!(&written, Err(error) if error.kind() == ErrorKind::Unsupported && !f.capability().atomic_batch) {
        expect_outage(written, "a batch");
    }
}

/// It does not answer, cannot be followed, and is not up to date.
pub fn other_calls_are_errors(f: &Fixture<'_>) {
    expect_outage(f.backend().ping(), "a ping");
    if f.capability().watch {
        expect_outage(f.backend().watch(&f.prefix("")).map(drop), "opening a feed");
    }
    match f.backend().migrate() {
        Ok(()) => skip("the backend has nothing to migrate, or asks nobody whether it has"),
        migrated => drop(expect_outage(migrated, "a migration")),
    }
}

/// Neither a value nor a password nor the URL of the store, in any text of an error and of its causes.
pub fn errors_show_no_secret(f: &Fixture<'_>) {
    let key = f.key("password");
    expect_secrecy(&expect_outage(f.backend().read(&[&key]), "a read"), "a read");
    expect_secrecy(&expect_outage(f.backend().write(&Batch::one(change(&key))), "a write"), "a write");
    let replaced = change(&key).expecting(Expect::Equals(Encoded::from(SECRET.as_bytes())));
    let replaced = f.backend().write(&Batch::one(replaced));
    expect_secrecy(&expect_outage(replaced, "a write that expects a value"), "a write that expects a value");
    expect_secrecy(&expect_outage(f.backend().list(&f.prefix("")), "a listing"), "a listing");
    expect_secrecy(&expect_outage(f.backend().ping(), "a ping"), "a ping");
    if let Err(error) = f.backend().watch(&f.prefix("")) {
        expect_secrecy(&error, "opening a feed");
    }
    if let Err(error) = f.backend().migrate() {
        expect_secrecy(&error, "a migration");
    }
}

/// Nor does the backend itself.
pub fn backend_shows_no_secret(f: &Fixture<'_>) {
    let said = format!("{:?}\n{:#?}\n{:?}", f.backend(), f.backend(), f.backend().identity());
    assert!(!said.contains(SECRET), "broken: no password appears in a `Debug` or an identity; this one shows it");
}
