//! A store keeps the contract behind a cache as well.
#![allow(clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

mod local;
mod shared;
