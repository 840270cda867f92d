//! What can be set.

use std::time::Duration;

use constance_core::{SettingEnum, Settings};

/// Live settings of the shop.
#[derive(Debug, Clone, Settings)]
pub(crate) struct Shop {
    /// Answer to the Ultimate Question of Life, The Universe, and Everything
    #[setting(default = 42, min = 0)]
    pub(crate) the_answer: i64,
    /// Website title
    #[setting(default = "My Title", group = "General")]
    pub(crate) site_name: String,
    /// Colours of the website
    #[setting(default = Theme::Light, group = "General")]
    pub(crate) theme: Theme,
    /// How long a basket is kept
    #[setting(default = Duration::from_secs(1800), min = Duration::from_secs(60), group = "Checkout")]
    pub(crate) basket_timeout: Duration,
    /// Key of the payment service; without one, nothing can be bought
    #[setting(secret, group = "Checkout")]
    pub(crate) api_key: Option<String>,
}

/// Colours of the website.
#[derive(Debug, Clone, Copy, PartialEq, SettingEnum)]
pub(crate) enum Theme {
    Light,
    Dark,
}
