//! What SQLite adds to the contract: one program, so that one link and one run do for all of it.
#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used, clippy::print_stderr)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/django_table.rs"]
mod django_table;
#[path = "../common/shop.rs"]
mod shop;
#[path = "../common/within.rs"]
mod within;

mod call_timeout;
mod django;
mod failures;
#[cfg(unix)]
mod file_mode;
mod foreign_rows;
#[cfg(target_os = "linux")]
mod idle;
mod migrate;
mod migrate_fake;
mod migrate_missing;
mod migrate_processes;
mod migrate_revert;
#[path = "../common/missing.rs"]
mod missing;
mod portions;
mod processes;
#[cfg(target_os = "linux")]
mod read_only_folder;
mod service;
#[path = "../common/portions.rs"]
mod stale;
mod transaction;
mod url_targets;
mod urls;
mod watch;
