//! What MySQL and MariaDB add to the contract.
#![cfg(feature = "mysql")]
#![allow(clippy::expect_used)]

#[path = "../common/crash.rs"]
mod crash;
#[path = "../common/django_table.rs"]
mod django_table;
#[path = "../mysql_support/mod.rs"]
mod mysql_support;
#[cfg(unix)]
#[macro_use]
#[path = "../common/server.rs"]
mod server_cases;
#[path = "../common/shop.rs"]
mod shop;
#[path = "../common/within.rs"]
mod within;

mod commit;
mod concurrency;
mod django;
mod failures;
#[path = "../../../constance-redis/tests/common/killed.rs"]
mod killed;
mod migrate;
mod migrate_missing;
#[path = "../common/missing.rs"]
mod missing;
mod outages;
mod portions;
#[cfg(unix)]
mod server;
mod server_killed;
mod several_addresses;
#[path = "../common/portions.rs"]
mod stale;
mod transaction;
mod url_targets;
mod urls;
mod watch;
