#![doc = include_str!("../README.md")]

mod args;
mod command;
mod error;
mod get;
#[cfg(feature = "legacy")]
mod import_legacy;
mod invisible;
mod list;
mod mask;
mod output;
mod renamed;
mod reset;
mod set;
mod stale;
mod value;

pub use clap;

pub use self::args::{SettingsArgs, SettingsCommand};
pub use self::error::CommandError;
pub use self::value::NewValue;
