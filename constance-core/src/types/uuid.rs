//! The type of `uuid`.

use uuid::Uuid;

use super::{ParseError, SettingType};
use crate::Kind;

/// Printed with hyphens; read without them too.
// Else the compiler's list of types would depend on the features.
#[diagnostic::do_not_recommend]
impl SettingType for Uuid {
    const KIND: Kind = Kind::Uuid;

    fn parse(text: &str) -> Result<Self, ParseError> {
        Self::try_parse(text.trim()).map_err(|_| ParseError::new("this is not a UUID"))
    }

    fn print(&self) -> String {
        self.hyphenated().to_string()
    }
}
