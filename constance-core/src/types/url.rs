//! The type of `url`.

use url::Url;

use super::{ParseError, SettingType};
use crate::Kind;

/// Printed as the crate normalises it: `https://example.com` becomes `https://example.com/`.
// Else the compiler's list of types would depend on the features.
#[diagnostic::do_not_recommend]
impl SettingType for Url {
    const KIND: Kind = Kind::Url;

    fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse(text.trim()).map_err(|e| match e {
            url::ParseError::RelativeUrlWithoutBase => ParseError::new("this URL does not begin with a scheme"),
            _ => ParseError::new("this is not a URL"),
        })
    }

    fn print(&self) -> String {
        self.as_str().to_owned()
    }
}
