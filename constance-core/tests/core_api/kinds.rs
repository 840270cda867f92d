//! A value of every type read as every other type: it is the same value, or an error, and never another value.

mod meaning;
mod pairs;
mod serde_types;
