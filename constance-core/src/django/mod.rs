//! The stored formats of django-constance: JSON of version 4, pickles of versions 1 to 3, and a value of any type.

mod isoformat;
pub(crate) mod json;
#[cfg(feature = "pickle")]
pub mod pickle;
mod python;
mod value;

pub use self::json::Json;
pub use self::value::Value;
