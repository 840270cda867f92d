//! What a Django project stores and this crate reads and writes: JSON of django-constance 4, pickles of 1 to 3, a value of any type.

mod isoformat;
pub(crate) mod json;
#[cfg(feature = "pickle")]
pub mod pickle;
mod python;
mod value;

pub use self::json::Json;
pub use self::value::Value;
