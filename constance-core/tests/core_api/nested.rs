//! Structs of settings within structs of settings.

mod declared;
mod duplicates;
mod following;
mod rules;
mod views;
#[cfg(feature = "tokio")]
mod views_async;
mod writing;

use constance_core::testing::ReferenceBackend;
use constance_core::{Config, Settings};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = "My Title")]
    site_name: String,
    /// Mail to customers
    #[setting(nested)]
    mail: Mail,
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(nested, rename = "log-file")]
    log: Log,
    #[setting(default = 1)]
    last: i64,
}

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(Mail::in_order, fields(fewest, most)), removed("relay"))]
struct Mail {
    /// Where mail goes out
    #[setting(default = "localhost", alias = "server", group = "Mail")]
    host: String,
    #[setting(nested)]
    login: Login,
    #[setting(default = 1, min = 0)]
    fewest: i64,
    #[setting(default = 10)]
    most: i64,
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Login {
    #[setting(default = "shop", choices = ["shop", "admin"])]
    user: String,
    #[setting(default = "hunter2", secret)]
    password: String,
}

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(rename_all = "kebab-case")]
struct Log {
    #[setting(default = true)]
    is_on: bool,
}

impl Mail {
    fn in_order(&self) -> Result<(), &'static str> {
        if self.fewest <= self.most { Ok(()) } else { Err("fewest must not be above most") }
    }
}

fn config() -> Config<Shop> {
    Config::new(ReferenceBackend::new())
}
