//! Hiding what is secret.

use constance_core::{Error, SettingEntry, SettingInfo};

use crate::invisible::is_invisible;

/// What stands for a secret, of the same length whatever the secret is.
pub(crate) const MASK: &str = "********";

/// A value on its way out: every output of this crate takes it in this form, so that none can forget the mask.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'v> {
    Text(&'v str),
    Secret,
}

impl<'v> Shown<'v> {
    pub(crate) fn new(info: &SettingInfo, text: &'v str) -> Self {
        if info.secret { Self::Secret } else { Self::Text(text) }
    }

    /// The default of a setting. One that is secret may be a secret as well: whoever never set it uses it.
    pub(crate) fn default(info: &'v SettingInfo) -> Self {
        Self::new(info, &info.default_text)
    }

    /// The value in force, or why it is unreadable.
    pub(crate) fn value(entry: &'v SettingEntry) -> Result<Self, &'v Error> {
        entry.text.as_ref().map(|text| Self::new(&entry.info, text))
    }

    /// As it is, for programs: nothing rather than asterisks, which might be taken for a value.
    pub(crate) fn exact(self) -> Option<&'v str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Secret => None,
        }
    }

    /// On one line, for people: in quotes where the ends could not be seen otherwise, with escapes for what cannot be
    /// seen and for control characters, which a terminal would obey.
    pub(crate) fn on_one_line(self) -> String {
        let text = match self {
            Self::Secret => return MASK.to_owned(),
            Self::Text(text) => text,
        };
        let is_plain = !text.is_empty() && text.trim() == text && !text.contains(is_invisible) && !is_quoted(text);
        if is_plain { text.to_owned() } else { quoted(text) }
    }
}

/// Looks as if it had been put in quotes here.
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
            assert_eq!(Shown::Text(text).on_one_line(), line);
        }
    }

    #[test]
    fn the_mask_tells_nothing() {
        assert_eq!(Shown::Secret.on_one_line(), MASK);
        assert_eq!(Shown::Secret.exact(), None);
    }
}
