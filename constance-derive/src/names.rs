//! What may be the name of a setting, and that no two are alike.

use std::collections::HashSet;

use quote::ToTokens;

use crate::problems::Problems;

/// The longest stored key; a prefix takes its share of it later.
const MAX_LEN: usize = 255;

/// Notes a name that no setting can have.
pub(crate) fn check_name(name: &str, place: impl ToTokens, problems: &mut Problems) {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    if name.is_empty() {
        problems.add(place, "the name of a setting cannot be empty");
    } else if !name.bytes().all(legal) {
        problems.add(
            place,
            format!(
                "{name:?} cannot be the name of a setting: use ASCII letters, digits, '_', '.' and '-' \
                 (`#[setting(rename = \"…\")]`)"
            ),
        );
    } else if name.len() > MAX_LEN {
        problems.add(place, format!("this name is {} bytes long, and at most {MAX_LEN} are possible", name.len()));
    }
}

/// Notes a word that no variant can have: what a person types is trimmed, so it would never be found.
pub(crate) fn check_word(word: &str, place: impl ToTokens, problems: &mut Problems) {
    if word.is_empty() {
        problems.add(place, "the word of a variant cannot be empty");
    } else if word.trim() != word || word.contains(char::is_control) {
        problems.add(
            place,
            format!("{word:?} cannot be the word of a variant: it has space around it or control characters"),
        );
    }
}

/// The names seen so far.
#[derive(Default)]
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// Notes a name that was seen before.
    pub(crate) fn add(&mut self, name: String, place: impl ToTokens, what: &str, problems: &mut Problems) {
        if self.0.contains(&name) {
            problems.add_fatal(place, format!("{what} `{name}` is declared twice"));
        }
        self.0.insert(name);
    }
}
