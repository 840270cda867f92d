//! The help text of a setting, from its doc comment.

use syn::{Attribute, Expr, Meta};

use crate::convert::string_literal;

/// The lines of the doc comment, trimmed and joined; a blank line becomes a line break.
pub(crate) fn from_docs(attrs: &[Attribute]) -> String {
    let mut help = String::new();
    let mut paragraph_ends = false;
    for line in attrs.iter().filter_map(doc).flat_map(|text| lines(&text)) {
        if line.is_empty() {
            paragraph_ends = true;
            continue;
        }
        if !help.is_empty() {
            help.push(if paragraph_ends { '\n' } else { ' ' });
        }
        help += &line;
        paragraph_ends = false;
    }
    help
}

fn doc(attr: &Attribute) -> Option<String> {
    match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => text(&meta.value),
        _ => None,
    }
}

/// The text of a string literal. A macro cannot see the text of `#[doc = include_str!(…)]`.
fn text(value: &Expr) -> Option<String> {
    string_literal(value).map(syn::LitStr::value)
}

/// A `///` comment is one line; a `/** */` comment is many, usually with a star before each.
fn lines(text: &str) -> Vec<String> {
    let is_block = text.contains('\n');
    // Not `lines()`, which returns none for an empty text: a `///` alone ends a paragraph.
    text.split('\n')
        .map(|line| {
            let line = line.trim();
            let line = if is_block { line.strip_prefix('*').unwrap_or(line) } else { line };
            line.trim().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn lines_are_joined_and_paragraphs_kept() {
        let item: syn::ItemStruct = parse_quote! {
            /// How long a basket
            ///   is kept.
            ///
            ///
            /// Zero keeps it
            /// for ever.
            ///
            #[doc = include_str!("more.md")]
            struct Sample;
        };
        assert_eq!(from_docs(&item.attrs), "How long a basket is kept.\nZero keeps it for ever.");
    }

    #[test]
    fn a_block_comment_loses_its_stars() {
        let item: syn::ItemStruct = parse_quote! {
            /** How long a basket
             *  is kept.
             *
             * For ever.
             */
            struct Sample;
        };
        assert_eq!(from_docs(&item.attrs), "How long a basket is kept.\nFor ever.");
    }

    #[test]
    fn no_docs_are_no_help() {
        assert_eq!(from_docs(&[parse_quote!(#[inline])]), "");
    }
}
