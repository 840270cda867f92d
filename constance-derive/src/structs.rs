//! `#[derive(Settings)]`: reading the struct.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, LitStr, Path, Visibility, parse_quote};

use crate::attributes::{self, KnownItem};
use crate::case::Case;
use crate::diagnostics::Diagnostics;
use crate::expand;
use crate::field::SettingField;
use crate::names::{SeenNames, check_name};
use crate::rule::Rule;

const KNOWN: &[KnownItem] = &[("rename_all", false), ("validate", true), ("removed", true), ("crate", false)];

/// A struct with its parsed attributes.
pub(crate) struct SettingsStruct {
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) fields: Vec<SettingField>,
    pub(crate) rules: Vec<Rule>,
    /// SeenNames that earlier versions declared.
    pub(crate) removed: Vec<LitStr>,
    /// The path of `constance_core`.
    pub(crate) core: Path,
}

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let this = SettingsStruct::read(input, &mut diagnostics);
    diagnostics.with_expansion(|| expand::expand(&this))
}

impl SettingsStruct {
    fn read(input: &DeriveInput, diagnostics: &mut Diagnostics) -> Self {
        let (mut rename_all, mut rules, mut core) = (None, Vec::new(), parse_quote!(::constance_core));
        let mut removed: Vec<LitStr> = Vec::new();
        let misplaced = "write `#[settings(…)]` on the struct; `#[setting(…)]` belongs on a field";
        attributes::reject_misplaced(&input.attrs, "setting", misplaced, diagnostics);
        for item in attributes::items(&input.attrs, "settings", KNOWN, diagnostics) {
            match item.name.to_string().as_str() {
                "rename_all" => rename_all = diagnostics.ok(item.case()),
                "validate" => rules.extend(diagnostics.ok(Rule::read(item))),
                "removed" => removed.extend(diagnostics.ok(item.texts()).into_iter().flatten()),
                _ => core = diagnostics.ok(item.path()).unwrap_or(core),
            }
        }
        reject_generics(input, diagnostics);
        let fields = fields(input, rename_all, diagnostics);
        reject_duplicates(&fields, &removed, diagnostics);
        rules.iter().for_each(|rule| rule.check_fields(&fields, diagnostics));
        Self { ident: input.ident.clone(), visibility: input.vis.clone(), fields, rules, removed, core }
    }
}

/// Settings are `'static`, and each has one constant, so type parameters are not possible.
pub(crate) fn reject_generics(input: &DeriveInput, diagnostics: &mut Diagnostics) {
    if !input.generics.params.is_empty() {
        diagnostics.add_fatal(&input.generics, "settings cannot have generic parameters: write the types out");
    }
}

fn fields(input: &DeriveInput, rename_all: Option<Case>, diagnostics: &mut Diagnostics) -> Vec<SettingField> {
    let (place, what) = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                return fields.named.iter().filter_map(|f| SettingField::read(f, rename_all, diagnostics)).collect();
            }
            Fields::Unnamed(fields) => (fields.to_token_stream(), "a tuple struct"),
            Fields::Unit => (input.ident.to_token_stream(), "a unit struct"),
        },
        Data::Enum(data) => (data.enum_token.to_token_stream(), "an enum (for a setting's type, derive `SettingEnum`)"),
        Data::Union(data) => (data.union_token.to_token_stream(), "a union"),
    };
    diagnostics.add_fatal(place, format!("`Settings` needs a struct with named fields, and this is {what}"));
    Vec::new()
}

/// Adds errors where two settings share a name, an alias or a constant, or have the name of a removed setting.
fn reject_duplicates(fields: &[SettingField], removed: &[LitStr], diagnostics: &mut Diagnostics) {
    let (mut names, mut constants) = (SeenNames::default(), SeenNames::default());
    for field in fields {
        let place = match &field.rename {
            Some(rename) => rename.to_token_stream(),
            None => field.ident.to_token_stream(),
        };
        names.add(field.name.clone(), place, "the name", diagnostics);
        for alias in &field.aliases {
            names.add(alias.value(), alias, "the name", diagnostics);
        }
        constants.add(field.constant.to_string(), &field.ident, "the constant", diagnostics);
    }
    for name in removed {
        check_name(&name.value(), name, diagnostics);
        names.add(name.value(), name, "the name", diagnostics);
    }
}
