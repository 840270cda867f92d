//! Checking names: which are allowed, and that none is used twice.

use std::collections::HashSet;

use quote::ToTokens;

use crate::diagnostics::Diagnostics;

/// The longest stored key in bytes. The prefix is part of a key, and not known here.
const MAX_LEN: usize = 255;

/// Adds an error for a name that is not allowed.
pub(crate) fn check_name(name: &str, tokens: impl ToTokens, diagnostics: &mut Diagnostics) {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    if name.is_empty() {
        diagnostics.add(tokens, "the name of a setting cannot be empty");
    } else if !name.bytes().all(legal) {
        diagnostics.add(
            tokens,
            format!(
                "{name:?} cannot be the name of a setting: use ASCII letters, digits, '_', '.' and '-' \
                 (`#[setting(rename = \"…\")]`)"
            ),
        );
    } else if name.len() > MAX_LEN {
        diagnostics.add(tokens, format!("this name is {} bytes long, and at most {MAX_LEN} are possible", name.len()));
    }
}

/// Adds an error for a word that is not allowed for a variant. Input is trimmed, so a word with space around it would never match.
pub(crate) fn check_word(word: &str, tokens: impl ToTokens, diagnostics: &mut Diagnostics) {
    if word.is_empty() {
        diagnostics.add(tokens, "the word of a variant cannot be empty");
    } else if word.trim() != word || word.contains(char::is_control) {
        diagnostics.add(
            tokens,
            format!("{word:?} cannot be the word of a variant: it has space around it or control characters"),
        );
    }
}

/// The names seen so far.
#[derive(Default)]
pub(crate) struct SeenNames(HashSet<String>);

impl SeenNames {
    /// Adds a name, and an error where it was seen before.
    pub(crate) fn add(&mut self, name: String, tokens: impl ToTokens, what: &str, diagnostics: &mut Diagnostics) {
        if self.0.contains(&name) {
            diagnostics.add_fatal(tokens, format!("{what} `{name}` is declared twice"));
        }
        self.0.insert(name);
    }
}
