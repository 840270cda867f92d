//! The cache in the process.
#![allow(clippy::expect_used)]

#[path = "../local_common/mod.rs"]
mod local_common;

mod ages;
#[cfg(feature = "tokio")]
mod aio;
#[cfg(feature = "tokio")]
mod aio_driving;
#[cfg(feature = "tokio")]
mod aio_env;
mod config;
mod env;
mod feed;
mod races;
mod steps_back;
mod stress;
mod time;
