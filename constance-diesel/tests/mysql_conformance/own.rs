//! The MySQL backend keeps the contract, on MariaDB and, where there is one, on MySQL.

use std::sync::Arc;

use constance_core::testing::{Case, cases};
use constance_core::{Backend, Registry};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::mysql::MysqlConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};

use crate::mysql_support::{mariadb, mysql, patient};

/// Each module has a table of its own, which stays.
fn named(url: Option<String>, table: &str, connections: u32) -> Option<MysqlBackend> {
    // Many cases at once, each with its own pool, on a machine that may be slow.
    Some(migrated(patient(&url?).table(table).pool_size(connections).build().expect("a valid URL")))
}

fn migrated(backend: MysqlBackend) -> MysqlBackend {
    backend.migrate().expect("the tables can be made");
    backend
}

fn over_own_pool(url: Option<String>) -> Option<MysqlBackend> {
    let pool = Pool::builder().max_size(3).build(ConnectionManager::<MysqlConnection>::new(url?)).expect("a pool");
    Some(migrated(MysqlBackend::builder().pool(pool).table("own_pool").build().expect("a pool")))
}

fn by_scheme(url: Option<String>, scheme: &str) -> Option<Arc<dyn Backend>> {
    let url = url?.replacen("mysql", scheme, 1);
    migrated(MysqlBackend::from_url(&url).expect("a valid URL"));
    Some(Registry::new().with(constance_diesel::schemes()).open(&url).expect("a registered scheme"))
}

constance_core::conformance_tests!(mod mariadb_by_url: || named(mariadb(), "by_url", 4));
constance_core::conformance_tests!(mod mariadb_with_one_connection: || named(mariadb(), "one_connection", 1));
constance_core::conformance_tests!(mod mariadb_with_a_table_of_any_name: || named(mariadb(), "any `name\" ' \u{e9}%_", 4));
constance_core::conformance_tests!(mod mariadb_over_own_pool: || over_own_pool(mariadb()));
constance_core::conformance_tests!(mod mariadb_by_scheme: || by_scheme(mariadb(), "mariadb"));

/// One test for each way: nobody is to fail without MySQL itself, which no Debian has.
macro_rules! on_mysql {
    ($($name:ident: $make:expr;)*) => {
        $(
            #[test]
            fn $name() {
                if mysql().is_some() {
                    constance_core::conformance_cases! { [every] $make }
                }
            }
        )*
    };
}

macro_rules! every {
    (($make:expr) $($group:ident::$case:ident,)*) => {
        $(Case::new(stringify!($case), cases::$group::$case).run($make);)*
    };
}

on_mysql! {
    mysql_by_url: || named(mysql(), "by_url", 4);
    mysql_with_one_connection: || named(mysql(), "one_connection", 1);
    mysql_with_a_table_of_any_name: || named(mysql(), "any `name\" ' \u{e9}%_", 4);
    mysql_over_own_pool: || over_own_pool(mysql());
    mysql_by_scheme: || by_scheme(mysql(), "mysql");
}
