//! `cargo xtask services`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod databases;
mod redis;
mod support;
