#![doc = include_str!("../README.md")]

mod counters;

pub use self::counters::{CacheEvent, Counters, Counts, Observer};
