//! A small shop whose settings can be changed while it runs.
//!
//! ```text
//! shop serve --addr 127.0.0.1:8080      answers on / with its live settings, on /health with their state
//! shop settings set the_answer 43       from another terminal: the running shop has it at once
//! shop settings list                    what there is to set
//! ```
//!
//! The store is the one in `CONSTANCE_BACKEND`, such as `sqlite:///var/lib/shop.sqlite3`; without it, a file in the current
//! folder. `redis://127.0.0.1:6379/0`, `postgres://…` and `mysql://…` need the shop built with the feature of that name.

mod health;
mod serve;
mod settings;
mod store;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use constance_cli::SettingsCommand;

/// A small shop whose settings can be changed while it runs
#[derive(Parser)]
#[command(name = "shop")]
enum Program {
    /// Answer requests with the live settings
    Serve {
        /// Where to listen; port 0 takes a free one
        #[arg(long, default_value = "127.0.0.1:8080")]
        addr: SocketAddr,
    },
    /// Read and change the live settings
    #[command(subcommand)]
    Settings(SettingsCommand),
}

fn main() -> ExitCode {
    match Program::parse() {
        Program::Serve { addr } => match serve::run(addr) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                store::say(&format!("error: {error}"));
                ExitCode::FAILURE
            }
        },
        // An operator's change has to reach the store, so here an unreachable one is an error, unlike in `serve`.
        Program::Settings(command) => match store::open().and_then(|config| config.migrate().map(|()| config)) {
            Ok(config) => command.run(&config),
            Err(error) => command.report(&error.into()),
        },
    }
}
