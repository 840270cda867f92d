//! The command line, over stores in memory and files.
#![allow(clippy::expect_used, reason = "helpers of tests are tests too")]

#[path = "../common/mod.rs"]
mod common;

mod any;
mod command;
mod hidden;
#[cfg(feature = "legacy")]
mod import_legacy;
mod json;
mod layers;
mod nested;
mod renamed;
mod rules;
mod secret_copies;
mod secrets;
mod stale;
mod stores;
