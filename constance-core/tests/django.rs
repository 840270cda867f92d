//! What django-constance stores: `tests/golden/django` was written by the real package, with the script beside it.

// The lint's exception for tests knows the test functions only, not what they share.
#![allow(clippy::expect_used)]
#![cfg(all(
    feature = "chrono",
    feature = "jiff",
    feature = "json",
    feature = "pickle",
    feature = "rust_decimal",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]

#[path = "django/front.rs"]
mod front;
#[path = "django/golden.rs"]
mod golden;
#[path = "django/hostile.rs"]
mod hostile;
#[path = "django/pickles.rs"]
mod pickles;
#[path = "django/rules.rs"]
mod rules;
#[path = "django/value.rs"]
mod value;
