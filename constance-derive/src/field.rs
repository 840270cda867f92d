//! One field of a struct of settings.

use proc_macro2::Ident;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Attribute, Expr, Field, LitStr, Type};

use crate::attributes::{self, Item, KnownItem};
use crate::case::Case;
use crate::contradictions;
use crate::convert::is_option;
use crate::diagnostics::Diagnostics;
use crate::help;
use crate::names::check_name;

const KNOWN: &[KnownItem] = &[
    ("default", false),
    ("rename", false),
    ("alias", true),
    ("group", false),
    ("help", false),
    ("min", false),
    ("max", false),
    ("choices", false),
    ("validate", true),
    ("secret", false),
    ("serde", false),
    ("nested", false),
];

/// The attributes that a nested struct may have. The others belong on its own fields.
const KNOWN_OF_NESTED: &[&str] = &["nested", "rename"];

/// A field with its parsed attributes.
pub(crate) struct SettingField {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The name of the handle.
    pub(crate) constant: Ident,
    /// The name of the setting.
    pub(crate) name: String,
    pub(crate) rename: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) default: DefaultValue,
    pub(crate) help: Help,
    pub(crate) group: Option<Expr>,
    pub(crate) min: Option<Expr>,
    pub(crate) max: Option<Expr>,
    pub(crate) choices: Option<Expr>,
    pub(crate) rules: Vec<Expr>,
    pub(crate) secret: bool,
    pub(crate) serde: bool,
    /// Whether the type is a struct of settings itself.
    pub(crate) nested: bool,
    /// Attributes that are copied to the handle: `doc` and `deprecated`.
    pub(crate) kept: Vec<Attribute>,
}

/// Where a default comes from.
pub(crate) enum DefaultValue {
    /// The expression given.
    Given(Expr),
    /// The `Default` of the type.
    OfType,
    /// None given: `None` for an `Option`, otherwise an error.
    None,
}

/// Where the help comes from.
pub(crate) enum Help {
    Given(Expr),
    Docs(String),
}

impl SettingField {
    /// Reads a field with its attributes. `None` only for a field without a name.
    pub(crate) fn read(field: &Field, rename_all: Option<Case>, diagnostics: &mut Diagnostics) -> Option<Self> {
        let ident = field.ident.clone()?;
        let own_name = ident.unraw().to_string();
        let kept = ["doc", "deprecated"];
        let mut this = Self {
            constant: constant(&ident, &own_name),
            ty: field.ty.clone(),
            name: rename_all.map_or_else(|| own_name.clone(), |case| case.field(&own_name)),
            rename: None,
            aliases: Vec::new(),
            default: DefaultValue::None,
            help: Help::Docs(help::from_docs(&field.attrs)),
            group: None,
            min: None,
            max: None,
            choices: None,
            rules: Vec::new(),
            secret: false,
            serde: false,
            nested: false,
            kept: field.attrs.iter().filter(|a| kept.iter().any(|name| a.path().is_ident(name))).cloned().collect(),
            ident,
        };
        let before = diagnostics.count();
        let has_default = this.read_attributes(field, diagnostics);
        // The attribute with the error may be the default.
        let is_read = diagnostics.count() == before;
        if is_read && !has_default && !this.nested && !is_option(&this.ty) {
            let (ident, ty) = (&this.ident, &this.ty);
            diagnostics.add(
                quote!(#ident #ty),
                format!(
                    "the setting `{}` has no default: write `#[setting(default = …)]`, or `#[setting(default)]` for the \
                     default of its type",
                    this.name
                ),
            );
        }
        this.check_names(diagnostics);
        contradictions::check(&this, diagnostics);
        Some(this)
    }

    /// Returns whether there was a default.
    fn read_attributes(&mut self, field: &Field, diagnostics: &mut Diagnostics) -> bool {
        let misplaced = "write `#[setting(…)]` on a field; `#[settings(…)]` belongs on the struct";
        attributes::reject_misplaced(&field.attrs, "settings", misplaced, diagnostics);
        let mut has_default = false;
        let items = attributes::items(&field.attrs, "setting", KNOWN, diagnostics);
        if items.iter().any(|item| item.name == "nested") {
            self.read_nested(items, diagnostics);
            return false;
        }
        for item in items {
            match item.name.to_string().as_str() {
                "default" => {
                    has_default = true;
                    self.default = item.value.map_or(DefaultValue::OfType, DefaultValue::Given);
                }
                "rename" => self.rename = diagnostics.ok(item.text()),
                "alias" => self.aliases.extend(diagnostics.ok(item.text())),
                "group" => self.group = diagnostics.ok(item.expression()),
                "help" => self.help = diagnostics.ok(item.expression()).map_or(Help::Docs(String::new()), Help::Given),
                "min" => self.min = diagnostics.ok(item.expression()),
                "max" => self.max = diagnostics.ok(item.expression()),
                "choices" => self.choices = diagnostics.ok(item.expression()),
                "validate" => self.rules.extend(diagnostics.ok(item.rule())),
                "secret" => self.secret = diagnostics.ok(item.flag()).is_some(),
                _ => self.serde = diagnostics.ok(item.flag()).is_some(),
            }
        }
        has_default
    }

    fn read_nested(&mut self, items: Vec<Item>, diagnostics: &mut Diagnostics) {
        self.nested = true;
        let others: Vec<String> = items
            .iter()
            .filter(|item| !KNOWN_OF_NESTED.iter().any(|known| item.name == known))
            .map(|item| format!("`{}`", item.name))
            .collect();
        for item in items {
            match item.name.to_string().as_str() {
                "rename" => self.rename = diagnostics.ok(item.text()),
                "nested" => {
                    if !others.is_empty() {
                        let others = others.join(", ");
                        let message = format!(
                            "write {others} on the fields of the nested struct: `nested` allows only `rename` beside it"
                        );
                        diagnostics.add(&item.name, message);
                    }
                    diagnostics.ok(item.flag());
                }
                _ => {}
            }
        }
    }

    fn check_names(&mut self, diagnostics: &mut Diagnostics) {
        match &self.rename {
            Some(rename) => {
                self.name = rename.value();
                check_name(&self.name, rename, diagnostics);
            }
            None => check_name(&self.name, &self.ident, diagnostics),
        }
        for alias in &self.aliases {
            check_name(&alias.value(), alias, diagnostics);
        }
    }
}

/// The field's name in upper case, or unchanged where the upper case of a letter is not allowed in names.
fn constant(ident: &Ident, own_name: &str) -> Ident {
    let mut constant = syn::parse_str::<Ident>(&own_name.to_uppercase()).unwrap_or_else(|_| ident.clone());
    constant.set_span(ident.span());
    constant
}
