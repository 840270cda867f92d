//! Where the settings are kept.

use std::env::{self, VarError};
use std::io::Write;

use constance_core::{Config, Error, ErrorKind, Registry, Result};

use crate::settings::Shop;

/// The settings in the store that the environment names; without a name, in a file, or in a local Redis where the shop is
/// built without SQLite. No I/O.
pub(crate) fn open() -> Result<Config<Shop>> {
    // Only what is named here is linked. A shop of your own names the one that it runs on.
    let registry = Registry::new().with(constance_memory::schemes());
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    let registry = registry.with(constance_diesel::schemes());
    #[cfg(feature = "redis")]
    let registry = registry.with(constance_redis::schemes());
    if cfg!(feature = "sqlite") && env::var_os("CONSTANCE_BACKEND").is_none_or(|url| url.is_empty()) {
        say("CONSTANCE_BACKEND is not set: the settings are kept in shop.sqlite3 in this folder");
        return Config::from_vars(&registry, |name| match name {
            "CONSTANCE_BACKEND" => Ok(Some("sqlite://shop.sqlite3".to_owned())),
            _ => var(name),
        });
    }
    Config::from_env(&registry)
}

fn var(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        // Its text would show the value.
        Err(VarError::NotUnicode(_)) => {
            Err(Error::new(ErrorKind::Configuration).with_detail(format!("{name} is not UTF-8")))
        }
    }
}

/// A line on standard error; nobody has to be there to read it.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
