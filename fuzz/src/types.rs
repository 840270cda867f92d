//! Types of the targets' own.

use std::collections::BTreeMap;
use std::time::Duration;

use constance_core::{SettingEnum, Value};
use serde::{Deserialize, Serialize};

/// A word.
#[derive(Debug, Clone, Copy, PartialEq, SettingEnum)]
pub enum Word {
    /// The one.
    Dark,
    /// The other.
    HighContrast,
}

/// Nests as deep as the bytes do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tree(pub Vec<Tree>);

/// Everything that serde has, for settings that are marked `serde`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Shape {
    rate: f32,
    exact: f64,
    #[serde(default)]
    added: Option<u8>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kept: Duration,
    #[serde(default)]
    side: Side,
    #[serde(default)]
    pairs: Vec<(i8, char)>,
    #[serde(default)]
    long: u128,
    #[serde(default)]
    inner: BTreeMap<String, Shape>,
    #[serde(default)]
    any: Option<Value>,
    #[serde(default)]
    tree: Tree,
}

/// An enum with data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Side {
    #[default]
    Unit,
    Newtype(i64),
    Tuple(i64, bool),
    Named {
        side: Option<Box<Shape>>,
    },
}
