#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod args;
mod command;
mod error;
mod get;
#[cfg(feature = "legacy")]
mod import_legacy;
mod invisible;
mod list;
mod mask;
mod migrate;
mod output;
mod rename_notice;
mod reset;
mod set;
mod stale;
#[cfg(unix)]
mod terminal;
mod value;
mod verify;

pub use clap;

pub use self::args::{SettingsArgs, SettingsCommand};
pub use self::error::CommandError;
pub use self::value::NewValue;
