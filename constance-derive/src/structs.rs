//! `#[derive(Settings)]`: reading the struct.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, LitStr, Path, Visibility, parse_quote};

use crate::attributes::{self, Known};
use crate::case::Case;
use crate::expand;
use crate::field::SettingField;
use crate::names::{Names, check_name};
use crate::problems::Problems;
use crate::rule::Rule;

const KNOWN: &[Known] = &[("rename_all", false), ("validate", true), ("removed", true), ("crate", false)];

/// What was said about a struct.
pub(crate) struct SettingsStruct {
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) fields: Vec<SettingField>,
    pub(crate) rules: Vec<Rule>,
    /// Names that earlier versions declared.
    pub(crate) removed: Vec<LitStr>,
    /// Where `constance_core` is.
    pub(crate) core: Path,
}

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let this = SettingsStruct::read(input, &mut problems);
    problems.with(|| expand::expand(&this))
}

impl SettingsStruct {
    fn read(input: &DeriveInput, problems: &mut Problems) -> Self {
        let (mut rename_all, mut rules, mut core) = (None, Vec::new(), parse_quote!(::constance_core));
        let mut removed: Vec<LitStr> = Vec::new();
        let misplaced = "write `#[settings(…)]` on the struct; `#[setting(…)]` belongs on a field";
        attributes::refuse(&input.attrs, "setting", misplaced, problems);
        for item in attributes::items(&input.attrs, "settings", KNOWN, problems) {
            match item.name.to_string().as_str() {
                "rename_all" => rename_all = problems.take(item.case()),
                "validate" => rules.extend(problems.take(Rule::read(item))),
                "removed" => removed.extend(problems.take(item.texts()).into_iter().flatten()),
                _ => core = problems.take(item.path()).unwrap_or(core),
            }
        }
        refuse_generics(input, problems);
        let fields = fields(input, rename_all, problems);
        refuse_doubles(&fields, &removed, problems);
        rules.iter().for_each(|rule| rule.refuse_unknown(&fields, problems));
        Self { ident: input.ident.clone(), visibility: input.vis.clone(), fields, rules, removed, core }
    }
}

/// Settings are `'static` and one constant stands for each, so there is nothing that a parameter could be.
pub(crate) fn refuse_generics(input: &DeriveInput, problems: &mut Problems) {
    if !input.generics.params.is_empty() {
        problems.add_fatal(&input.generics, "settings cannot have generic parameters: write the types out");
    }
}

fn fields(input: &DeriveInput, rename_all: Option<Case>, problems: &mut Problems) -> Vec<SettingField> {
    let (place, what) = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                return fields.named.iter().filter_map(|f| SettingField::read(f, rename_all, problems)).collect();
            }
            Fields::Unnamed(fields) => (fields.to_token_stream(), "a tuple struct"),
            Fields::Unit => (input.ident.to_token_stream(), "a unit struct"),
        },
        Data::Enum(data) => (data.enum_token.to_token_stream(), "an enum (for a setting's type, derive `SettingEnum`)"),
        Data::Union(data) => (data.union_token.to_token_stream(), "a union"),
    };
    problems.add_fatal(place, format!("`Settings` needs a struct with named fields, and this is {what}"));
    Vec::new()
}

/// No two settings may share a name, an old name, or a constant, and none may have a name that was given up.
fn refuse_doubles(fields: &[SettingField], removed: &[LitStr], problems: &mut Problems) {
    let (mut names, mut constants) = (Names::default(), Names::default());
    for field in fields {
        let place = match &field.rename {
            Some(rename) => rename.to_token_stream(),
            None => field.ident.to_token_stream(),
        };
        names.add(field.name.clone(), place, "the name", problems);
        for alias in &field.aliases {
            names.add(alias.value(), alias, "the name", problems);
        }
        constants.add(field.constant.to_string(), &field.ident, "the constant", problems);
    }
    for name in removed {
        check_name(&name.value(), name, problems);
        names.add(name.value(), name, "the name", problems);
    }
}
