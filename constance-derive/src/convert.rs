//! Values as users write them in attributes, turned into the type of their field.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, GenericArgument, Lit, LitStr, Path, PathArguments, PathSegment, Type, UnOp};

/// Where values are written: the type of their field, its name, and where the library is.
pub(crate) struct Place<'f> {
    pub(crate) ty: &'f Type,
    pub(crate) name: &'f str,
    pub(crate) core: &'f Path,
    /// Whether the type is any that serde takes, and has no text form of its own.
    pub(crate) serde: bool,
}

/// The value as an expression of the type: a string literal is read as its text form, anything else is the user's own words, so
/// that the compiler's errors point at them. A text that is no value is a panic.
pub(crate) fn value(value: &Expr, place: &Place<'_>) -> TokenStream {
    read(value, place, "expect_literal", TokenStream::new())
}

/// The same within a function that can fail: a text that is no value is its error.
pub(crate) fn bound(value: &Expr, place: &Place<'_>) -> TokenStream {
    read(value, place, "parse_literal", quote::quote!(?))
}

fn read(value: &Expr, place: &Place<'_>, function: &str, end: TokenStream) -> TokenStream {
    let Some(literal) = string_literal(value) else {
        // What is there: a bound of an `Option` is one of its content.
        return match is_option(place.ty) && is_plain_literal(value) {
            true => quote_spanned!(at(value)=> ::core::option::Option::Some(#value)),
            false => value.to_token_stream(),
        };
    };
    let ty = match converted(literal, place) {
        Converted::Certain(value) => return value,
        Converted::Perhaps(ty) => ty,
    };
    let (span, Place { name, core, .. }) = (at(literal), place);
    let function = Ident::new(function, span);
    let read = quote_spanned!(span=> #core::__private::#function::<#ty>(#name, #literal)#end);
    if option_of(place.ty).is_some() { quote_spanned!(span=> ::core::option::Option::Some(#read)) } else { read }
}

/// The function that finds out whether a default can be made at all, before [`value`] makes it.
pub(crate) fn checked(default: &Expr, place: &Place<'_>) -> Option<TokenStream> {
    let literal = string_literal(default)?;
    matches!(converted(literal, place), Converted::Perhaps(_)).then(|| {
        let value = bound(default, place);
        quote_spanned!(at(literal)=> || { let _ = #value; ::core::result::Result::Ok(()) })
    })
}

enum Converted {
    Certain(TokenStream),
    /// A text of this type.
    Perhaps(TokenStream),
}

fn converted(literal: &LitStr, place: &Place<'_>) -> Converted {
    let (span, Place { ty, .. }) = (at(literal), place);
    let inner = option_of(ty);
    let ty = inner.unwrap_or(ty);
    let is_option = inner.is_some();
    if takes_no_text(ty) && !is_option {
        return Converted::Certain(literal.to_token_stream());
    }
    if place.serde || takes_no_text(ty) {
        let value = quote_spanned!(span=> <#ty as ::core::convert::From<&'static str>>::from(#literal));
        let value = if is_option { quote_spanned!(span=> ::core::option::Option::Some(#value)) } else { value };
        return Converted::Certain(value);
    }
    Converted::Perhaps(ty.to_token_stream())
}

/// The list of a `choices = [a, b]`; an expression that is no array literal is used as it is.
pub(crate) fn values(list: &Expr, place: &Place<'_>) -> TokenStream {
    match peel(list) {
        Expr::Array(array) => {
            let elements = array.elems.iter().map(|element| bound(element, place));
            quote_spanned!(at(array)=> [#(#elements),*])
        }
        _ => list.to_token_stream(),
    }
}

/// A rule as a function of `&#ty`. A path is called in a closure, so that a `fn(&str)` serves a `String`.
pub(crate) fn rule(rule: &Expr, ty: &TokenStream) -> TokenStream {
    match peel(rule) {
        Expr::Path(path) => quote_spanned!(at(path)=> |value: &#ty| #path(value)),
        other => other.to_token_stream(),
    }
}

pub(crate) fn string_literal(value: &Expr) -> Option<&LitStr> {
    match peel(value) {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Some(literal),
        _ => None,
    }
}

/// Whether it is a literal, with a sign perhaps.
fn is_plain_literal(value: &Expr) -> bool {
    match peel(value) {
        Expr::Lit(_) => true,
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => matches!(peel(expr), Expr::Lit(_)),
        _ => false,
    }
}

/// Whether the type is written as `String`, or as an `Option` of it.
pub(crate) fn is_text(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(inner) if segment.ident == "Option" => {
            matches!(inner.args.first(), Some(GenericArgument::Type(inner)) if is_text(inner))
        }
        _ => segment.ident == "String",
    })
}

/// Whether the type is written as an `Option<…>`.
pub(crate) fn is_option(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "Option" && !segment.arguments.is_empty())
}

/// The type in an `Option<…>`.
fn option_of(ty: &Type) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &last_segment(ty).filter(|s| s.ident == "Option")?.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

/// A place in the user's code for generated code: errors show up there, and lints still see that nobody wrote it.
pub(crate) fn at(place: impl Spanned) -> Span {
    Span::mixed_site().located_at(place.span())
}

/// Types that no text converts into; without the conversion, the error says so in fewer words.
fn takes_no_text(ty: &Type) -> bool {
    const NAMES: [&str; 14] =
        ["bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize"];
    last_segment(ty).is_some_and(|segment| NAMES.iter().any(|name| segment.ident == name))
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        // A `$ty` of a macro_rules macro arrives in an invisible group.
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// The expression without the invisible group that a `$expr` of a macro_rules macro arrives in.
pub(crate) fn peel(value: &Expr) -> &Expr {
    match value {
        Expr::Group(group) => peel(&group.expr),
        other => other,
    }
}
