#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attributes;
mod case;
mod contradictions;
mod convert;
mod diagnostics;
mod enums;
mod expand;
mod field;
mod help;
mod names;
mod nested;
mod rule;
mod structs;
mod variant;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Declares the named fields of a struct as settings: implements the trait `Settings` for it, and gives it one constant
/// for each field, named in upper case (`Shop::THE_ANSWER` for `the_answer`), with the struct's visibility.
///
/// On fields:
///
/// | `#[setting(…)]` | meaning |
/// |---|---|
/// | `default = 42` | the default, any expression; a string literal is read as the type's text form: `"30m"`, `"2026-05-01"`; in an `Option` it is what that holds |
/// | `default` | the type's own `Default`; an `Option` needs no default and begins as `None` |
/// | `rename = "name"` | the name, instead of the field's |
/// | `alias = "old-name"` | an old name, which is read and written too; may be repeated, the oldest last |
/// | `group = "General"` | the group that tools show it in |
/// | `help = "…"` | the help text, instead of the doc comment |
/// | `min = 0`, `max = 100` | bounds, inclusive |
/// | `choices = [a, b]` | the only values accepted |
/// | `validate = path` | a rule, a `fn(&T) -> Result<(), impl Display>` or a closure; may be repeated |
/// | `secret` | tools do not show the value |
/// | `nested` | the field is a struct that derives `Settings` too; the names of its settings begin with the name of this field and a dot; only `rename` may be used beside it |
/// | `serde` | any type that implements serde's traits, with JSON as its text form |
///
/// On the struct:
///
/// | `#[settings(…)]` | meaning |
/// |---|---|
/// | `rename_all = "kebab-case"` | how names are made of the fields' names, as in serde |
/// | `validate(path, fields(a, b))` | a rule across these fields, a `fn(&Self) -> Result<(), impl Display>` or a closure; without `fields`, across all; may be repeated |
/// | `validate = path` | the same across all fields |
/// | `removed("old", …)` | names that earlier versions declared and this one does not |
/// | `crate = path` | the path of `constance_core`, where it was renamed or is re-exported |
#[proc_macro_derive(Settings, attributes(setting, settings))]
pub fn settings(input: TokenStream) -> TokenStream {
    structs::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes an enum of plain words a setting type: implements `SettingType`, and serde's `Serialize` and `Deserialize`, so
/// that the value is stored as the word that operators write. Do not derive serde's traits as well.
///
/// On variants:
///
/// | `#[setting(…)]` | meaning |
/// |---|---|
/// | `rename = "word"` | the word, instead of the variant's name in snake case |
/// | `alias = "old-word"` | another word, which is read but never written; may be repeated |
///
/// On the enum:
///
/// | `#[setting(…)]` | meaning |
/// |---|---|
/// | `rename_all = "kebab-case"` | how words are made of the variants' names, as in serde |
/// | `crate = path` | the path of `constance_core`, where it was renamed or is re-exported |
#[proc_macro_derive(SettingEnum, attributes(setting))]
pub fn setting_enum(input: TokenStream) -> TokenStream {
    enums::derive(&parse_macro_input!(input as DeriveInput)).into()
}
