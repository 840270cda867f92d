//! The suite, and more, inside a transaction of the application's, at MySQL's default isolation.
#![cfg(feature = "mysql")]
#![allow(clippy::expect_used)]

mod mysql_support;
#[path = "common/within.rs"]
mod within;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use constance_core::testing::Case;
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::Connection;
use constance_diesel::diesel::mysql::MysqlConnection;
use mysql_support::{mariadb, mysql};
use within::World;

/// A database with this table, which stays.
fn named(url: &str, table: &str) -> MysqlBackend {
    let builder = MysqlBackend::builder().url(url).table(table);
    builder.busy_timeout(std::time::Duration::from_secs(60)).build().expect("a valid URL")
}

fn world_of(url: String, table: &str) -> World<MysqlConnection> {
    let (backend, missing) = (named(&url, table), named(&url, "within_missing"));
    backend.migrate().expect("tables");
    let connect = move || MysqlConnection::establish(&url).expect("a connection");
    World { backend: Arc::new(backend), missing, connect: Box::new(connect) }
}

/// An empty table for each test: at the default isolation transactions lock gaps between keys, and those of two tests would stop
/// each other.
fn empty(url: Option<String>) -> Option<World<MysqlConnection>> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (url, table) = (url?, format!("within_{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    named(&url, &table).revert_all_dropping_values().expect("nothing of an earlier run");
    Some(world_of(url, &table))
}

mod on_mariadb {
    use super::*;

    fn empty() -> Option<World<MysqlConnection>> {
        super::empty(mariadb())
    }

    constance_core::conformance_cases! { [within::suite] empty }
    within::more! { empty }
}

/// One test for all: nobody is to fail without MySQL itself, which no Debian has.
#[test]
fn on_mysql() {
    macro_rules! cases {
        (($world:expr) $($group:ident::$case:ident,)*) => {
            $(within::check(Case::new(stringify!($case), constance_core::testing::cases::$group::$case), $world);)*
        };
    }
    macro_rules! functions {
        (($world:expr) $($name:ident,)*) => {
            $(within::$name($world.expect("a server"));)*
        };
    }
    let Some(url) = mysql() else { return };
    constance_core::conformance_cases! { [cases] empty(Some(url.clone())) }
    within::functions! { [functions] empty(Some(url.clone())) }
}
