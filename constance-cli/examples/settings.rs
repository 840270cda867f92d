//! The `settings` command as a program of its own, on whatever store `CONSTANCE_BACKEND` names.
//!
//! ```text
//! export CONSTANCE_BACKEND=sqlite:///tmp/shop.sqlite3
//! cargo run -p constance-cli --example settings -- migrate
//! cargo run -p constance-cli --example settings -- set page_size 50
//! cargo run -p constance-cli --example settings -- list
//! ```
//!
//! Most services put the command into their own binary, beside `serve`: see `SettingsCommand`.

use std::process::ExitCode;

use clap::Parser;
use constance_cli::SettingsArgs;
use constance_core::{Config, Registry, Settings};

/// Live settings of the shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// How many articles a page shows
    #[setting(default = 20, min = 1, max = 200)]
    page_size: u32,
    /// Key of the payment service; without one, nothing can be bought
    #[setting(secret)]
    api_key: Option<String>,
}

fn main() -> ExitCode {
    let command = SettingsArgs::parse().command;
    // Only what is named here is linked.
    let registry = Registry::new().with(constance_diesel::schemes()).with(constance_redis::schemes());
    match Config::<Shop>::from_env(&registry) {
        Ok(config) => command.run(&config),
        Err(error) => command.report(&error.into()),
    }
}
