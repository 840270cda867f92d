//! Hiding secrets.

use constance_core::{Error, SettingEntry, SettingInfo};

use crate::invisible::is_invisible;

/// Shown in the place of a secret. Its length says nothing about the secret.
pub(crate) const MASK: &str = "********";

/// A value that may be shown, or the mask. Every output of this crate takes this type, so that none can show a secret.
#[derive(Clone, Copy)]
pub(crate) enum MaskedValue<'v> {
    Text(&'v str),
    Secret,
}

impl<'v> MaskedValue<'v> {
    pub(crate) fn new(info: &SettingInfo, text: &'v str) -> Self {
        if info.secret { Self::Secret } else { Self::Text(text) }
    }

    /// The default of a setting. That of a secret setting is hidden too, since it is in use until another value is stored.
    pub(crate) fn default(info: &'v SettingInfo) -> Self {
        Self::new(info, &info.default_text)
    }

    /// The value in force, or why it is unreadable.
    pub(crate) fn value(entry: &'v SettingEntry) -> Result<Self, &'v Error> {
        entry.text.as_ref().map(|text| Self::new(&entry.info, text))
    }

    /// The exact value, for programs. `None` for a secret, since a program could take the mask for a value.
    pub(crate) fn exact(self) -> Option<&'v str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Secret => None,
        }
    }

    /// The value on one line, for people: in quotes where its ends would not be visible otherwise, with escapes for invisible
    /// and control characters.
    pub(crate) fn on_one_line(self) -> String {
        let text = match self {
            Self::Secret => return MASK.to_owned(),
            Self::Text(text) => text,
        };
        let is_plain = !text.is_empty() && text.trim() == text && !text.contains(is_invisible) && !is_quoted(text);
        if is_plain { text.to_owned() } else { quoted(text) }
    }
}

/// Whether a text looks as if [`quoted`] had made it.
fn is_quoted(text: &str) -> bool {
    text.starts_with('"') && text.ends_with('"')
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            _ if is_invisible(c) => quoted.extend(c.escape_default()),
            _ => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_on_its_line_and_shows_its_ends() {
        for (text, line) in [
            ("My Title", "My Title"),
            ("", "\"\""),
            (" a ", "\" a \""),
            ("a\nb", "\"a\\nb\""),
            ("\u{1b}[31m", "\"\\u{1b}[31m\""),
            ("\"q\"", "\"\\\"q\\\"\""),
            ("5\" pipe", "5\" pipe"),
            ("größer", "größer"),
            ("a\u{202e}b", "\"a\\u{202e}b\""),
            ("a\u{200b}\u{feff}\u{61c}b", "\"a\\u{200b}\\u{feff}\\u{61c}b\""),
            ("\u{9b}31m", "\"\\u{9b}31m\""),
        ] {
            assert_eq!(MaskedValue::Text(text).on_one_line(), line);
        }
    }

    #[test]
    fn the_mask_says_nothing_about_the_secret() {
        assert_eq!(MaskedValue::Secret.on_one_line(), MASK);
        assert_eq!(MaskedValue::Secret.exact(), None);
    }
}
