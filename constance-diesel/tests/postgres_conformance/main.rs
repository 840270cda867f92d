//! The PostgreSQL backend keeps the contract, over its own table and over Django's.
#![cfg(feature = "postgres")]
#![allow(clippy::expect_used)]

#[path = "../common/django_table.rs"]
mod django_table;
#[path = "../postgres_support/mod.rs"]
mod postgres_support;

mod django;
mod outages;
mod own;
