//! The prefix of stored keys.

use std::fmt;
use std::sync::Arc;

use super::key::{MAX_KEY_LEN, is_valid_name};
use crate::{Error, ErrorKind, Result, backend::Key};

/// What stands before a setting's name in the store, so that several applications can share one.
///
/// A prefix is empty or ends in a separator (`:` or `/`). A setting's name holds no separator, so a stored key belongs
/// to a prefix exactly when what remains after it is a valid name: `''`, `a:` and `a:b:` never see each other's keys.
/// Every other character stands for itself, whatever it means to the store (`%`, `_`, `*`, `[`).
///
/// ```
/// use constance_core::Prefix;
///
/// let prefix = Prefix::new("constance:")?;
/// assert_eq!(prefix.key("theme")?.as_str(), "constance:theme");
/// assert_eq!(prefix.name_of("constance:theme"), Some("theme"));
/// assert_eq!(prefix.name_of("constance:shop:theme"), None);
/// assert!(Prefix::new("constance").is_err());
/// # Ok::<(), constance_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix(Arc<str>);

impl Prefix {
    /// The empty prefix: a stored key is a setting's name.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::from(""))
    }

    /// A prefix that is empty or ends in `:` or `/`.
    ///
    /// # Errors
    ///
    /// `Configuration` where it ends otherwise, holds a NUL character (databases refuse it in a text), or leaves no room
    /// for a name within 255 bytes.
    pub fn new(text: &str) -> Result<Self> {
        if !text.is_empty() && !text.ends_with([':', '/']) {
            return Err(Error::new(ErrorKind::Configuration)
                .with_detail(format!("the prefix {text:?} does not end in a separator"))
                .with_hint("end it in ':' or '/', or read what Prefix::without_separator cannot promise"));
        }
        Self::without_separator(text)
    }

    /// A prefix that may end in anything, for stores that were filled under such a prefix.
    ///
    /// It cannot promise isolation from another prefix that it is the beginning of: under `app`, listing also sees the
    /// key `apple` of the prefix `ap` or of the prefix `appl`, and so it is among the stale keys. Reading and
    /// writing of declared settings is not affected.
    ///
    /// # Errors
    ///
    /// `Configuration` where it holds a NUL character or leaves no room for a name within 255 bytes.
    pub fn without_separator(text: &str) -> Result<Self> {
        if text.contains('\0') {
            return Err(Error::new(ErrorKind::Configuration).with_detail("the prefix holds a NUL character"));
        }
        if text.len() >= MAX_KEY_LEN {
            return Err(Error::new(ErrorKind::Configuration).with_detail(format!(
                "the prefix is {} bytes long, and a stored key may have at most {MAX_KEY_LEN}",
                text.len()
            )));
        }
        Ok(Self(Arc::from(text)))
    }

    /// The text of the prefix.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The stored key of a setting's name.
    ///
    /// # Errors
    ///
    /// `Configuration` where the name is not made of ASCII letters, digits, `_`, `.` and `-`, or the key is longer than
    /// 255 bytes.
    pub fn key(&self, name: &str) -> Result<Key> {
        Key::new(self, name)
    }

    /// The setting's name in a stored key, or `None` where the key does not belong to this prefix.
    #[must_use]
    pub fn name_of<'k>(&self, stored: &'k str) -> Option<&'k str> {
        stored.strip_prefix(self.as_str()).filter(|name| is_valid_name(name) && stored.len() <= MAX_KEY_LEN)
    }

    /// The key for what a backend found while listing, or `None` where it does not belong to this prefix.
    ///
    /// Bytes that are not UTF-8 never belong to one.
    #[must_use]
    pub fn key_of(&self, stored: &[u8]) -> Option<Key> {
        let name = self.name_of(std::str::from_utf8(stored).ok()?)?;
        self.key(name).ok()
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({:?})", &*self.0)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self::empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_that_begin_alike_never_share_a_key() -> Result<()> {
        let prefixes = [Prefix::empty(), Prefix::new("a:")?, Prefix::new("a:b:")?, Prefix::new("a%b*[c]:")?];
        for one in &prefixes {
            let key = one.key("name")?;
            for other in &prefixes {
                assert_eq!(other.name_of(key.as_str()).is_some(), one == other, "{one:?} {other:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn refused_prefixes_say_why() {
        for (text, words) in [("app", "separator"), ("a\0:", "NUL"), (&"x".repeat(300), "separator")] {
            let error = Prefix::new(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{error}");
        }
        let long = format!("{}:", "x".repeat(254));
        assert!(Prefix::new(&long).expect_err("too long").to_string().contains("255 bytes long"));
    }

    #[test]
    fn foreign_bytes_belong_to_no_prefix() {
        let empty = Prefix::empty();
        for stored in [&b"\xff\xfe"[..], b"", b"with space", b"a:b", "\u{e9}".as_bytes()] {
            assert!(empty.key_of(stored).is_none(), "{stored:?}");
        }
        assert!(empty.key_of("x".repeat(256).as_bytes()).is_none());
    }
}
