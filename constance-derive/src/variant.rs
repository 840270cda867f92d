//! One variant of an enum of words.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Fields, LitStr, Variant};

use crate::attributes::{self, Known};
use crate::case::Case;
use crate::names::{Names, check_word};
use crate::problems::Problems;

const KNOWN: &[Known] = &[("rename", false), ("alias", true)];

/// What was said about a variant.
pub(crate) struct Word {
    pub(crate) ident: Ident,
    /// The word that is stored and printed.
    pub(crate) word: String,
    /// Words that are read as well.
    pub(crate) aliases: Vec<LitStr>,
}

impl Word {
    pub(crate) fn read(variant: &Variant, case: Case, names: &mut Names, problems: &mut Problems) -> Self {
        if !matches!(variant.fields, Fields::Unit) {
            problems.add_fatal(&variant.fields, "`SettingEnum` needs variants without data: each stands for one word");
        }
        let (mut rename, mut aliases) = (None, Vec::new());
        for item in attributes::items(&variant.attrs, "setting", KNOWN, problems) {
            match item.name.to_string().as_str() {
                "rename" => rename = problems.take(item.text()),
                _ => aliases.extend(problems.take(item.text())),
            }
        }
        let (word, place) = match rename {
            Some(rename) => (rename.value(), rename.into_token_stream()),
            None => (case.variant(&variant.ident.unraw().to_string()), variant.ident.to_token_stream()),
        };
        check_word(&word, &place, problems);
        names.add(word.clone(), place, "the word", problems);
        for alias in &aliases {
            check_word(&alias.value(), alias, problems);
            names.add(alias.value(), alias, "the word", problems);
        }
        Self { ident: variant.ident.clone(), word, aliases }
    }
}
