//! What PostgreSQL adds to the contract.
#![cfg(feature = "postgres")]
#![allow(clippy::expect_used)]

#[path = "../common/crash.rs"]
mod crash;
#[path = "../common/django_table.rs"]
mod django_table;
#[path = "../postgres_support/mod.rs"]
mod postgres_support;
#[path = "../common/shop.rs"]
mod shop;
#[path = "../common/within.rs"]
mod within;

mod concurrency;
mod django;
mod failures;
#[cfg(feature = "listen-tls")]
mod listen_tls;
mod migrate;
mod parameters;
mod pool;
#[cfg(unix)]
mod pooler;
#[cfg(unix)]
mod server;
mod transaction;
mod urls;
mod watch;
