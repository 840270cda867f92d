//! The programs that share the store.

use std::time::Duration;

use constance_core::{SettingEnum, Settings};

/// A version that runs nowhere any more.
#[derive(Debug, Clone, Settings)]
pub(crate) struct Before {
    #[setting(default = "none")]
    pub(crate) campaign: String,
}

/// The version that is replaced.
#[derive(Debug, Clone, Settings)]
#[settings(removed("campaign"))]
pub(crate) struct Old {
    #[setting(default = "My Title")]
    pub(crate) title: String,
    #[setting(default = 20)]
    pub(crate) page_size: u32,
    #[setting(default = 10)]
    pub(crate) max_weight: i64,
    /// In seconds.
    #[setting(default = 1800)]
    pub(crate) basket_timeout: u64,
    #[setting(default = OldTheme::Light)]
    pub(crate) theme: OldTheme,
    #[setting(default = 0)]
    pub(crate) min_stock: i64,
    #[setting(default = 100)]
    pub(crate) max_stock: i64,
    #[setting(default = "")]
    pub(crate) banner: String,
}

#[derive(Debug, Clone, PartialEq, SettingEnum)]
pub(crate) enum OldTheme {
    Light,
    Dark,
    Sepia,
}

/// The version that replaces it.
#[derive(Debug, Clone, Settings)]
#[settings(validate(New::in_order, fields(min_stock, max_stock)), removed("banner"))]
pub(crate) struct New {
    #[setting(default = "My Title", alias = "title")]
    pub(crate) site_name: String,
    #[setting(default = 20)]
    pub(crate) page_size: u32,
    #[setting(default = 10.0)]
    pub(crate) max_weight: f64,
    #[setting(default = Duration::from_secs(1800))]
    pub(crate) basket_timeout: Duration,
    #[setting(default = NewTheme::Light)]
    pub(crate) theme: NewTheme,
    #[setting(default = 0)]
    pub(crate) min_stock: i64,
    #[setting(default = 100)]
    pub(crate) max_stock: i64,
    #[setting(default = "Hello")]
    pub(crate) greeting: String,
}

impl New {
    fn in_order(&self) -> Result<(), &'static str> {
        if self.min_stock <= self.max_stock { Ok(()) } else { Err("the minimum is above the maximum") }
    }
}

#[derive(Debug, Clone, PartialEq, SettingEnum)]
pub(crate) enum NewTheme {
    Light,
    Dark,
}

/// Another program, with some of the old version's settings and one of its own.
#[derive(Debug, Clone, Settings)]
pub(crate) struct Worker {
    #[setting(default = "My Title")]
    pub(crate) title: String,
    #[setting(default = 20)]
    pub(crate) page_size: u32,
    #[setting(default = 10)]
    pub(crate) max_weight: i64,
    #[setting(default = 1)]
    pub(crate) batch_size: u32,
}
