//! What SQLite adds to the contract: one program, so that one link and one run do for all of it.
#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/django_table.rs"]
mod django_table;
#[path = "../common/shop.rs"]
mod shop;
#[path = "../common/within.rs"]
mod within;

mod django;
mod failures;
mod migrate;
mod migrate_fake;
mod migrate_processes;
mod migrate_revert;
mod places;
mod processes;
mod service;
mod transaction;
mod urls;
mod watch;
