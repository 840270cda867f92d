//! Stored keys.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::{Arc, LazyLock};

use crate::{Error, ErrorKind, Prefix, Result};

/// The longest stored key in bytes: what an indexed database column holds everywhere.
pub const MAX_KEY_LEN: usize = 255;

/// A finished stored key: prefix and name, with its hash.
///
/// It is built once per setting, so that a read builds and hashes nothing. Cloning shares the text. Put keys into a
/// [`KeyMap`], which uses the hash that the key already has.
///
/// ```
/// use constance_core::Prefix;
///
/// let key = Prefix::new("shop:")?.key("theme")?;
/// assert_eq!(key.as_str(), "shop:theme");
/// assert_eq!(key.name(), "theme");
/// assert_eq!(key.prefix(), "shop:");
/// # Ok::<(), constance_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Key {
    text: Arc<str>,
    prefix_len: usize,
    hash: u64,
}

/// A map over keys that uses the hash each key carries.
pub type KeyMap<V> = HashMap<Key, V, BuildHasherDefault<KeyHasher>>;

impl Key {
    pub(crate) fn new(prefix: &Prefix, name: &str) -> Result<Self> {
        check_name(name)?;
        let len = prefix.as_str().len() + name.len();
        if len > MAX_KEY_LEN {
            return Err(Error::new(ErrorKind::Configuration).with_setting(name).with_detail(format!(
                "with its prefix the stored key is {len} bytes long, and at most {MAX_KEY_LEN} are possible"
            )));
        }
        let text: Arc<str> = Arc::from(format!("{prefix}{name}"));
        let hash = hash_of(&text);
        Ok(Self { text, prefix_len: prefix.as_str().len(), hash })
    }

    /// The whole stored key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The setting's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.text[self.prefix_len..]
    }

    /// The text of the prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.text[..self.prefix_len]
    }
}

/// Seeded once per process: keys that a store lists are not ours to trust.
fn hash_of(text: &str) -> u64 {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    SEED.hash_one(text)
}

/// Whether a setting may have this name: ASCII letters, digits, `_`, `.` and `-`, at least one.
pub(crate) fn is_valid_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

pub(crate) fn check_name(name: &str) -> Result<()> {
    if is_valid_name(name) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Configuration)
        .with_detail(format!("{name:?} cannot be the name of a setting"))
        .with_hint("use ASCII letters, digits, '_', '.' and '-'"))
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.text == other.text
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// By the bytes of the text.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", &*self.text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The hasher of [`KeyMap`]: passes on the hash that a [`Key`] carries.
#[derive(Debug, Default, Clone)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        // Only a key's `write_u64` arrives here in practice; anything else still has to be hashed.
        for byte in bytes {
            self.0 = self.0.rotate_left(5) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_have_255_bytes_and_no_more() {
        let prefix = Prefix::new("p:").expect("a prefix");
        assert_eq!(prefix.key(&"n".repeat(253)).expect("fits").as_str().len(), 255);
        let error = prefix.key(&"n".repeat(254)).expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }

    #[test]
    fn a_name_holds_no_separator() {
        for name in ["", "a:b", "a/b", "a b", "\u{e9}", "a\0"] {
            assert!(Prefix::empty().key(name).is_err(), "{name:?}");
        }
        for name in ["a", "A.b-c_9", "9"] {
            assert!(Prefix::empty().key(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn equal_keys_find_each_other_in_a_map() -> Result<()> {
        let mut map = KeyMap::default();
        map.insert(Prefix::new("p:")?.key("a")?, 1);
        assert_eq!(map.get(&Prefix::new("p:")?.key("a")?), Some(&1));
        assert_eq!(map.get(&Prefix::empty().key("a")?), None);
        Ok(())
    }
}
