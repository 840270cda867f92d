//! The backends keep the contract, whatever hands out their connections.
#![allow(clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "aio")]
mod aio;
mod blocking;
mod outages;
