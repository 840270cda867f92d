//! What PostgreSQL adds to the contract.
#![cfg(feature = "postgres")]
#![allow(clippy::expect_used)]

#[path = "../common/crash.rs"]
mod crash;
#[path = "../common/django_table.rs"]
mod django_table;
#[path = "../postgres_support/mod.rs"]
mod postgres_support;
#[cfg(unix)]
#[macro_use]
#[path = "../common/server.rs"]
mod server_cases;
#[path = "../common/shop.rs"]
mod shop;
#[path = "../common/within.rs"]
mod within;

mod concurrency;
mod django;
mod failures;
mod foreign_rows;
#[path = "../../../constance-redis/tests/common/killed.rs"]
mod killed;
#[cfg(feature = "listen-tls")]
mod listen_tls;
mod live_mode;
mod migrate;
mod migrate_missing;
#[path = "../common/missing.rs"]
mod missing;
mod older;
mod outages;
mod parameters;
mod pool;
#[cfg(unix)]
mod pooler;
mod portions;
mod row_security;
mod serializable;
#[cfg(unix)]
mod server;
mod server_killed;
mod several_addresses;
#[path = "../common/portions.rs"]
mod stale;
mod transaction;
mod urls;
mod watch;
