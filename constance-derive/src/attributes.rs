//! Reading `#[setting(…)]` and `#[settings(…)]`: flags and `name = value`, separated by commas.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, LitStr, Path, Token, parenthesized};

use crate::case::Case;
use crate::convert::{string_literal, ungroup};
use crate::diagnostics::Diagnostics;

/// The name of an item, and whether it may be repeated.
pub(crate) type KnownItem = (&'static str, bool);

/// One `name` or `name = value`, or `name(value, …)` where that is known.
pub(crate) struct Item {
    pub(crate) name: Ident,
    pub(crate) value: Option<Expr>,
    /// What follows the value in `name(value, …)`.
    pub(crate) more: Option<TokenStream>,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // `crate` is a keyword, so a plain `Ident` would refuse it.
        let name = input.call(Ident::parse_any)?;
        if input.peek(syn::token::Paren) {
            // A list of names. The parentheses are part of the expression.
            if name == "removed" {
                return Ok(Self { name, value: Some(input.parse()?), more: None });
            }
            if name != "validate" {
                return Err(input.error(format!("write `{name} = …`, without parentheses")));
            }
            let inside;
            parenthesized!(inside in input);
            let value = Some(inside.parse()?);
            inside.parse::<Option<Token![,]>>()?;
            return Ok(Self { name, value, more: Some(inside.parse()?) });
        }
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(Self { name, value, more: None })
    }
}

impl Item {
    /// The value of an item that needs one.
    pub(crate) fn expression(self) -> syn::Result<Expr> {
        let Self { name, value, more } = self;
        if let Some(more) = more.filter(|more| !more.is_empty()) {
            return Err(syn::Error::new_spanned(more, format!("`{name}` takes one value")));
        }
        value.ok_or_else(|| syn::Error::new(name.span(), format!("`{name}` needs a value: write `{name} = …`")))
    }

    /// The value of an item that takes a text, which the macro has to know when it runs.
    pub(crate) fn text(self) -> syn::Result<LitStr> {
        let name = self.name.clone();
        let value = self.expression()?;
        string_literal(&value)
            .cloned()
            .ok_or_else(|| syn::Error::new_spanned(value, format!("`{name}` needs a string literal")))
    }

    /// The values of an item that takes several texts, in parentheses.
    pub(crate) fn texts(self) -> syn::Result<Vec<LitStr>> {
        let Self { name, value, more: _ } = self;
        let expressions: Vec<Expr> = match value {
            Some(Expr::Tuple(list)) => list.elems.into_iter().collect(),
            Some(Expr::Paren(one)) => vec![*one.expr],
            _ => return Err(syn::Error::new(name.span(), format!("write `{name}(\"old\", …)`"))),
        };
        expressions
            .into_iter()
            .map(|value| Self { name: name.clone(), value: Some(value), more: None }.text())
            .collect()
    }

    /// The value of an item that takes a function.
    pub(crate) fn rule(self) -> syn::Result<Expr> {
        let name = self.name.clone();
        let value = self.expression()?;
        match string_literal(&value) {
            Some(text) => {
                Err(syn::Error::new(text.span(), format!("write `{name} = {}`, without quotes", text.value())))
            }
            None => Ok(value),
        }
    }

    /// Checks that an item has no value.
    pub(crate) fn flag(self) -> syn::Result<bool> {
        match self.value {
            None => Ok(true),
            Some(value) => Err(syn::Error::new_spanned(value, format!("`{}` takes no value", self.name))),
        }
    }

    /// The value of `crate = path`.
    pub(crate) fn path(self) -> syn::Result<Path> {
        let name = self.name.clone();
        match ungroup(&self.expression()?) {
            Expr::Path(path) if path.qself.is_none() => Ok(path.path.clone()),
            other => Err(syn::Error::new_spanned(other, format!("`{name}` needs a path, such as ::constance_core"))),
        }
    }

    /// The value of `rename_all = "…"`.
    pub(crate) fn case(self) -> syn::Result<Case> {
        let text = self.text()?;
        Case::from_name(&text.value()).ok_or_else(|| {
            let known = Case::ALL.map(|(name, _)| name).join(", ");
            syn::Error::new_spanned(&text, format!("unknown case {:?}: known are {known}", text.value()))
        })
    }
}

/// The items of every attribute of this name. Unknown and repeated items are errors.
pub(crate) fn items(
    attrs: &[Attribute],
    attribute: &str,
    known: &[KnownItem],
    diagnostics: &mut Diagnostics,
) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(attribute)) {
        let parsed = attr.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated);
        for item in diagnostics.ok(parsed).into_iter().flatten() {
            let name = item.name.to_string();
            match known.iter().find(|(known, _)| *known == name) {
                None => {
                    let suggestion = known.iter().map(|(known, _)| *known).find(|known| is_typo(&name, known));
                    let known = known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                    let suggestion = suggestion.map_or(String::new(), |name| format!("did you mean `{name}`? "));
                    diagnostics.add(&item.name, format!("unknown attribute `{name}`: {suggestion}known are {known}"));
                }
                Some((_, false)) if items.iter().any(|earlier| earlier.name == item.name) => {
                    diagnostics.add(&item.name, format!("`{name}` is given twice"));
                }
                Some(_) => items.push(item),
            }
        }
    }
    items
}

/// Whether the words differ by one letter that is added, missing, replaced or swapped with its neighbour.
fn is_typo(one: &str, other: &str) -> bool {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one.as_bytes()[same..], &other.as_bytes()[same..]);
    match (one, other) {
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([a, b, rest @ ..], [c, d, others @ ..]) if (a, b) == (d, c) && rest == others => true,
        ([_, rest @ ..], others) if rest == others => true,
        (rest, [_, others @ ..]) => rest == others,
        _ => false,
    }
}

/// Adds an error for each attribute in a place where it would have no effect.
pub(crate) fn reject_misplaced(attrs: &[Attribute], attribute: &str, message: &str, diagnostics: &mut Diagnostics) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(attribute)) {
        diagnostics.add(attr.path(), message);
    }
}

#[cfg(test)]
mod tests {
    use super::is_typo;

    #[test]
    fn typos_are_one_letter_away() {
        for typo in ["defualt", "defalt", "defaultt", "defoult", "efault", "default_"] {
            assert!(is_typo(typo, "default"), "{typo}");
        }
        for other in ["value", "def", "standard", "min"] {
            assert!(!is_typo(other, "default"), "{other}");
        }
    }
}
