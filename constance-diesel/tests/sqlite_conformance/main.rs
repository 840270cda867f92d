//! The SQLite backend keeps the contract, over its own table and over Django's.
#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used)]

#[path = "../common/django_table.rs"]
mod django_table;

mod django;
mod outages;
mod own;
