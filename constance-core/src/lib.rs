#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "tokio")]
pub mod aio;
pub mod backend;
mod base;
mod civil;
mod clock;
mod codec;
mod config;
mod declaration;
#[cfg(feature = "json")]
mod django;
mod error;
mod events;
mod field;
pub mod guide;
pub mod identity;
mod kind;
mod layer;
mod literal;
mod live;
mod nested;
mod overrides;
mod panics;
mod registry;
mod schema;
mod setting;
#[cfg(feature = "testing")]
pub mod testing;
mod trace;
mod tree;
mod types;
pub mod url;

pub use self::backend::{Backend, Prefix, Warning, WatchMode};
pub use self::base::{Base, Pins, Source};
pub use self::clock::{Clock, SystemClock};
pub use self::codec::{Codec, MessagePack};
pub use self::config::{
    ChangeSet, Config, ConfigBuilder, ConfigView, LiveView, LiveViewGuard, Overrides, ReadAll, SettingEntry,
    TransactionChanges, TransactionConfig, ViewChangeSet,
};
#[cfg(feature = "pickle")]
pub use self::config::{ConvertedLegacy, LegacyValues};
pub use self::declaration::Declaration;
#[cfg(feature = "pickle")]
pub use self::django::pickle;
#[cfg(feature = "json")]
pub use self::django::{Json, Value};
pub use self::error::{Action, Error, ErrorKind, Result};
pub use self::events::{Event, RunningHandler, Subscription};
pub use self::kind::Kind;
pub use self::layer::{EnvVars, Layer};
#[cfg(feature = "tokio")]
pub use self::live::LiveReceiver;
pub use self::live::{Live, LiveGuard, LiveMode, LiveOptions, LiveReader, LiveStatus};
pub use self::nested::Nested;
pub use self::overrides::OverrideGuard;
pub use self::registry::Registry;
pub use self::schema::{Schema, SchemaBuilder, Settings};
pub use self::setting::{Setting, SettingInfo};
pub use self::types::{ParseError, SettingType, SettingValue};
pub use bytes;
/// Derives [`SettingType`] for an enum of plain words:
///
/// ```
/// use constance_core::{SettingEnum, SettingType};
///
/// #[derive(Debug, Clone, PartialEq, SettingEnum)]
/// enum Theme {
///     Light,
///     #[setting(alias = "black")]
///     VeryDark,
/// }
///
/// assert_eq!(Theme::VeryDark.print(), "very_dark");
/// assert_eq!(Theme::parse("Black"), Ok(Theme::VeryDark));
/// assert_eq!(Theme::parse("red").unwrap_err().to_string(), "this is not one of light, very_dark");
/// ```
///
#[cfg(feature = "derive")]
pub use constance_derive::SettingEnum;
/// Derives [the trait of this name](trait@Settings), which has examples.
///
#[cfg(feature = "derive")]
pub use constance_derive::Settings;

/// What the derive macros' code needs and users may not depend on themselves.
#[doc(hidden)]
pub mod __private {
    pub use serde;

    pub use crate::literal::{expect_literal, parse_literal};
    pub use crate::nested::{concat, contains, cut, join, joined_len};
}
