//! For tests: the conformance suite of backends, a backend that fails on demand, and a clock that is turned by hand.
//!
//! # The suite
//!
//! A backend crate tests itself with one line, [`conformance_tests!`](crate::conformance_tests), which makes one
//! `#[test]` per promise of the [`Backend`](crate::Backend) contract. A wrapper (a cache, a tracing layer) runs the same
//! suite, and [`wrapper_conformance_tests!`](crate::wrapper_conformance_tests) besides, which looks at what it does
//! while the backend inside fails.
//!
//! Two more are for what a store does to it: [`unreachable_backend_tests!`](crate::unreachable_backend_tests) for one that is
//! not there, and [`persistence_tests!`](crate::persistence_tests) for one that is closed and opened again, and whose process
//! is killed.
//!
//! - What a backend says in its [`Capability`](crate::backend::Capability) that it cannot do is not demanded; it has to refuse it
//!   properly instead.
//! - Every case works under a random prefix of its own and removes what it wrote, also when it fails. Nothing else is touched.
//! - Where a user may have no keys but those under the prefix, [`Confined`] says so.
//! - A case that does not end is a failure, not a hang. It may take 30 seconds, and wait for an event, such as a wake, for a
//!   quarter of that; `CONSTANCE_SUITE_SECONDS=120` in the environment makes it two minutes, for a slow store or a busy machine.
//! - Which promises do not apply to a backend is said once, by `capability_does_not_change`, also where the test passes.
//! - A service that is missing skips the case, unless `CONSTANCE_REQUIRE_SERVICES=1` is set: see [`Opened`].
//!
//! Another runner (for a backend that lives in a caller's transaction, say) takes
//! the list from [`cases::ALL`] or [`conformance_cases!`](crate::conformance_cases) and runs each with [`Case::run_here`].
// A case that cannot go on panics: that is how a test fails, and its message says which promise is broken.
#![allow(clippy::expect_used, clippy::missing_panics_doc, clippy::print_stderr, clippy::unwrap_used)]

#[cfg(feature = "tokio")]
pub mod aio;
mod case;
pub mod cases;
mod clock;
mod deadline;
mod faulty;
mod fixture;
mod gate;
mod macros;
mod opened;
pub mod persistence;
mod reference;
mod secrecy;
pub mod unreachable;
pub mod wrappers;

pub use self::case::{Case, Outcome};
pub use self::clock::ManualClock;
pub use self::faulty::{FaultyBackend, Method};
pub use self::fixture::Fixture;
pub use self::gate::Gate;
pub use self::opened::{Confined, Opened};
pub use self::reference::ReferenceBackend;
