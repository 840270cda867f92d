//! A rule across settings: `validate(path, fields(a, b))`.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Token, parenthesized};

use crate::attributes::Item;
use crate::convert::ungroup;
use crate::diagnostics::Diagnostics;
use crate::field::SettingField;

/// A parsed rule.
pub(crate) struct Rule {
    pub(crate) check: Expr,
    /// The fields that it reads. Empty means all.
    fields: Vec<Ident>,
}

impl Rule {
    pub(crate) fn read(mut item: Item) -> syn::Result<Self> {
        let more = item.more.take().unwrap_or_default();
        Ok(Self { check: item.rule()?, fields: fields.parse2(more)? })
    }

    /// The name of the function, for error messages. Empty for a closure.
    pub(crate) fn name(&self) -> String {
        match ungroup(&self.check) {
            Expr::Path(path) => {
                path.path.segments.last().map(|last| last.ident.unraw().to_string()).unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    pub(crate) fn names(&self, field: &SettingField) -> bool {
        self.fields.iter().any(|named| is_of(named, field))
    }

    pub(crate) fn check_fields(&self, known: &[SettingField], diagnostics: &mut Diagnostics) {
        for (at, named) in self.fields.iter().enumerate() {
            if !known.iter().any(|field| is_of(named, field)) {
                let known: Vec<String> = known.iter().map(|field| field.ident.unraw().to_string()).collect();
                diagnostics.add(named, format!("there is no field `{named}`: known are {}", known.join(", ")));
            } else if self.fields[..at].contains(named) {
                diagnostics.add(named, format!("`{named}` is named twice"));
            }
        }
    }
}

fn is_of(named: &Ident, field: &SettingField) -> bool {
    named.unraw() == field.ident.unraw()
}

/// `fields(a, b)`, or nothing.
fn fields(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let word: Ident = input.parse()?;
    if word != "fields" || !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(word.span(), "write `fields(…)` after the rule, with the fields that it looks at"));
    }
    let inside;
    parenthesized!(inside in input);
    let named = Punctuated::<Ident, Token![,]>::parse_terminated(&inside)?;
    if named.is_empty() {
        return Err(syn::Error::new(
            word.span(),
            "name a field at least, or leave out `fields` where the rule looks at all",
        ));
    }
    input.parse::<Option<Token![,]>>()?;
    Ok(named.into_iter().collect())
}
