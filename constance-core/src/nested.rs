//! Structs of settings within structs of settings: their handles and names.

use std::collections::BTreeSet;
use std::fmt;

use parking_lot::Mutex;

use crate::Setting;

/// The handle of a struct of settings `N` that is a field of the struct `S`: for `#[setting(nested)] mail: Mail`, the constant
/// `Shop::MAIL`.
///
/// [`field`](Self::field) makes the handle of one of its settings, which every function takes that takes one of `S`.
///
/// ```
/// use constance_core::{Config, Settings};
/// # use constance_core::testing::ReferenceBackend as MemoryBackend;
///
/// #[derive(Clone, Settings)]
/// struct Shop {
///     #[setting(nested)]
///     mail: Mail,
/// }
///
/// #[derive(Clone, Settings)]
/// struct Mail {
///     #[setting(default = "localhost")]
///     host: String,
/// }
///
/// let config = Config::<Shop>::new(MemoryBackend::default());
/// config.set(Shop::MAIL.field(Mail::HOST), "mail.example.org".to_owned())?;
/// assert_eq!(config.snapshot()?.mail.host, "mail.example.org");
/// assert_eq!(Shop::MAIL.field(Mail::HOST).name(), "mail.host");
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct Nested<S, N> {
    index: usize,
    name: &'static str,
    /// Those of its settings in `S`, in their order.
    names: &'static [&'static str],
    get: fn(&S) -> &N,
}

impl<S, N> Nested<S, N> {
    /// The handle of the struct whose first setting has this place in `S`, from 0; the name of its field; the names that its
    /// settings have in `S`, in their order; and the field.
    ///
    /// Only needed without the derive macro; [`SchemaBuilder::build`](crate::SchemaBuilder::build) checks all of them.
    #[must_use]
    pub const fn new(index: usize, name: &'static str, names: &'static [&'static str], get: fn(&S) -> &N) -> Self {
        Self { index, name, names, get }
    }

    /// The handle of one of its settings.
    #[must_use]
    pub const fn field<T>(&self, setting: Setting<N, T>) -> Setting<S, T> {
        let index = setting.index();
        if index < self.names.len() {
            return Setting::new(self.index + index, self.names[index]);
        }
        // It was made by hand, and is of no setting here: nor may it be one of those around.
        Setting::new(usize::MAX, setting.name())
    }

    /// The field itself.
    #[must_use]
    pub fn of<'s>(&self, settings: &'s S) -> &'s N {
        (self.get)(settings)
    }

    /// The name of the field, which the names of its settings begin with.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The names of its settings, in their order.
    #[must_use]
    pub const fn names(&self) -> &'static [&'static str] {
        self.names
    }

    /// The place of its first setting.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    pub(crate) const fn get(&self) -> fn(&S) -> &N {
        self.get
    }
}

impl<S, N> Clone for Nested<S, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, N> Copy for Nested<S, N> {}

impl<S, N> fmt::Debug for Nested<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nested({:?})", self.name)
    }
}

/// A joined name that no constant has, such as an old one. It is kept for as long as the process lives, each once: a program has
/// a fixed number of them.
pub(crate) fn joined(name: &str, inner: &str) -> &'static str {
    static JOINED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let joined = format!("{name}.{inner}");
    let mut known = JOINED.lock();
    if let Some(known) = known.get(joined.as_str()) {
        return known;
    }
    let joined: &'static str = Box::leak(joined.into_boxed_str());
    known.insert(joined);
    joined
}

/// The length of all joined names.
#[must_use]
pub const fn joined_len(name: &str, inner: &[&str]) -> usize {
    let (mut len, mut at) = (0, 0);
    while at < inner.len() {
        len += name.len() + 1 + inner[at].len();
        at += 1;
    }
    len
}

/// All joined names, one after the other.
#[must_use]
pub const fn join<const LEN: usize>(name: &str, inner: &[&str]) -> [u8; LEN] {
    let (mut bytes, mut len, mut at) = ([0; LEN], 0, 0);
    while at < inner.len() {
        let parts = [name.as_bytes(), b".", inner[at].as_bytes()];
        let mut part = 0;
        while part < parts.len() {
            let mut from = 0;
            while from < parts[part].len() {
                bytes[len] = parts[part][from];
                len += 1;
                from += 1;
            }
            part += 1;
        }
        at += 1;
    }
    bytes
}

/// The joined names as they are cut out of [`join`]'s bytes.
#[must_use]
pub const fn cut<const COUNT: usize>(
    bytes: &'static [u8],
    name: &str,
    inner: &[&'static str],
) -> [&'static str; COUNT] {
    let (mut names, mut rest, mut at) = ([""; COUNT], bytes, 0);
    while at < COUNT {
        let (one, others) = rest.split_at(name.len() + 1 + inner[at].len());
        // Two texts with a dot between them are a text.
        names[at] = match std::str::from_utf8(one) {
            Ok(name) => name,
            Err(_) => inner[at],
        };
        rest = others;
        at += 1;
    }
    names
}

/// Several lists of names as one.
#[must_use]
pub const fn concat<const COUNT: usize>(lists: &[&[&'static str]]) -> [&'static str; COUNT] {
    let (mut names, mut count, mut list) = ([""; COUNT], 0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            names[count] = lists[list][at];
            count += 1;
            at += 1;
        }
        list += 1;
    }
    names
}

/// Whether a name is among these.
#[must_use]
pub const fn contains(names: &[&str], name: &str) -> bool {
    let mut at = 0;
    while at < names.len() {
        let (one, other) = (names[at].as_bytes(), name.as_bytes());
        let mut same = 0;
        while same < one.len() && same < other.len() && one[same] == other[same] {
            same += 1;
        }
        if same == one.len() && same == other.len() {
            return true;
        }
        at += 1;
    }
    false
}
