//! The MySQL backend keeps the contract, over its own table and over Django's.
#![cfg(feature = "mysql")]
#![allow(clippy::expect_used)]

#[path = "../common/django_table.rs"]
mod django_table;
#[path = "../mysql_support/mod.rs"]
mod mysql_support;

mod django;
mod outages;
mod own;
