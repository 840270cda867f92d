//! One variant of an enum of words.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Fields, LitStr, Variant};

use crate::attributes::{self, KnownItem};
use crate::case::Case;
use crate::diagnostics::Diagnostics;
use crate::names::{SeenNames, check_word};

const KNOWN: &[KnownItem] = &[("rename", false), ("alias", true)];

/// A variant with its parsed attributes.
pub(crate) struct Word {
    pub(crate) ident: Ident,
    /// The word that is stored and shown.
    pub(crate) word: String,
    /// Other words that are accepted when reading.
    pub(crate) aliases: Vec<LitStr>,
}

impl Word {
    pub(crate) fn read(variant: &Variant, case: Case, names: &mut SeenNames, diagnostics: &mut Diagnostics) -> Self {
        if !matches!(variant.fields, Fields::Unit) {
            diagnostics
                .add_fatal(&variant.fields, "`SettingEnum` needs variants without data: each stands for one word");
        }
        let (mut rename, mut aliases) = (None, Vec::new());
        for item in attributes::items(&variant.attrs, "setting", KNOWN, diagnostics) {
            match item.name.to_string().as_str() {
                "rename" => rename = diagnostics.ok(item.text()),
                _ => aliases.extend(diagnostics.ok(item.text())),
            }
        }
        let (word, place) = match rename {
            Some(rename) => (rename.value(), rename.into_token_stream()),
            None => (case.variant(&variant.ident.unraw().to_string()), variant.ident.to_token_stream()),
        };
        check_word(&word, &place, diagnostics);
        names.add(word.clone(), place, "the word", diagnostics);
        for alias in &aliases {
            check_word(&alias.value(), alias, diagnostics);
            names.add(alias.value(), alias, "the word", diagnostics);
        }
        Self { ident: variant.ident.clone(), word, aliases }
    }
}
