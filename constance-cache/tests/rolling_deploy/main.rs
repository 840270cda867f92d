//! A rolling deploy: two versions of a service and a worker share one store, each in a process of its own.
//!
//! The new version renames a setting, changes the types of two, has lost a variant of an enum that is stored, has a rule that
//! the stored values break, and gives a setting up. It is rolled out, taken back, and rolled out to the end; nobody loses a value,
//! and everybody says what is wrong. The tests are here since this crate's have every store, the cache and the asynchronous front.
//!
//! The test program runs itself again: in a child the environment names the program and the store, as it does for a service.
#![cfg(all(unix, feature = "tokio"))]
#![allow(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests are tests too")]

mod child;
mod deploy;
mod process;
mod programs;
mod role;

use constance_testserver::{PostgresServer, RedisServer};
use tempfile::TempDir;

use deploy::deploy;
use process::Setup;

/// The tests, over each store: a URL, and what has to live as long as the store.
macro_rules! over {
    ($($store:ident: $start:expr;)+) => {
        $(mod $store {
            use super::*;

            fn test(name: &str, setup: Setup) {
                if child::has_served() {
                    return;
                }
                let started = $start;
                let Some((url, _store)) = started else { return };
                deploy(&setup.of(&format!("{}::{name}", stringify!($store)), &url));
            }

            #[test]
            fn nobody_loses_a_value_and_everybody_says_what_is_wrong() {
                test("nobody_loses_a_value_and_everybody_says_what_is_wrong", Setup::default());
            }

            #[test]
            fn nor_where_every_process_has_a_cache_that_follows() {
                test("nor_where_every_process_has_a_cache_that_follows", Setup::default().cached());
            }

            #[test]
            fn nor_where_the_new_version_is_asynchronous() {
                test("nor_where_the_new_version_is_asynchronous", Setup::default().asynchronous());
            }
        })+
    };
}

over! {
    sqlite: {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        Some((format!("sqlite://{}/settings.sqlite3", folder.path().display()), folder))
    };
    redis_server: RedisServer::start().map(|server| (server.url(), server));
    postgres: PostgresServer::start().map(|server| (server.url(), server));
}
