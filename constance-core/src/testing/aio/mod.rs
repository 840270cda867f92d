//! The suite for asynchronous backends (feature `tokio`).
//!
//! An [`AsyncBackend`](crate::aio::AsyncBackend) promises everything that a [`Backend`](crate::Backend) does, so it runs the whole
//! suite behind a [bridge](bridged); what only an asynchronous one can break has cases of its own.
//! [`async_conformance_tests!`](crate::async_conformance_tests) makes tests of both.

pub mod dropping;
pub mod tasks;

mod case;
mod fixture;
mod macros;
mod opened;
mod runtime;

pub use self::case::AsyncCase;
pub use self::fixture::{AsyncFixture, polled};
pub use self::opened::{AsyncOpened, Bridged};
pub use self::runtime::{bridged, runtime};

macro_rules! table {
    (() $($group:ident::$case:ident,)*) => {
        /// Every case of its own, in the order of
        /// [`async_conformance_cases!`](crate::async_conformance_cases).
        pub const ALL: &[AsyncCase] = &[$(AsyncCase::new(stringify!($case), $group::$case)),*];
    };
}

crate::async_conformance_cases! { [table] }
