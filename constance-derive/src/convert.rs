//! Converting the values in attributes to the type of their field.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, GenericArgument, Lit, LitStr, Path, PathArguments, PathSegment, Type, UnOp};

/// The field that a value is for, and the path of `constance_core`.
pub(crate) struct FieldContext<'f> {
    pub(crate) ty: &'f Type,
    pub(crate) name: &'f str,
    pub(crate) core: &'f Path,
    /// Whether the field is marked `serde`, so that its type need not have a text form.
    pub(crate) serde: bool,
}

/// The value as an expression of the field's type. A string literal is parsed as the text form. Anything else stays as it is
/// written, so that the compiler's errors point at it. A text that is not valid panics.
pub(crate) fn value(value: &Expr, field: &FieldContext<'_>) -> TokenStream {
    read(value, field, "expect_literal", TokenStream::new())
}

/// The same inside a function that returns a `Result`: a text that is not valid is its error.
pub(crate) fn bound(value: &Expr, field: &FieldContext<'_>) -> TokenStream {
    read(value, field, "parse_literal", quote::quote!(?))
}

fn read(value: &Expr, field: &FieldContext<'_>, function: &str, end: TokenStream) -> TokenStream {
    let Some(literal) = string_literal(value) else {
        // A bound of an `Option` applies to its content.
        return match is_option(field.ty) && is_plain_literal(value) {
            true => quote_spanned!(at(value)=> ::core::option::Option::Some(#value)),
            false => value.to_token_stream(),
        };
    };
    let ty = match converted(literal, field) {
        Converted::Certain(value) => return value,
        Converted::Perhaps(ty) => ty,
    };
    let (span, FieldContext { name, core, .. }) = (at(literal), field);
    let function = Ident::new(function, span);
    let read = quote_spanned!(span=> #core::__private::#function::<#ty>(#name, #literal)#end);
    if option_of(field.ty).is_some() { quote_spanned!(span=> ::core::option::Option::Some(#read)) } else { read }
}

/// A function that reports an invalid default as an error, before [`value`] would panic.
pub(crate) fn checked(default: &Expr, field: &FieldContext<'_>) -> Option<TokenStream> {
    let literal = string_literal(default)?;
    matches!(converted(literal, field), Converted::Perhaps(_)).then(|| {
        let value = bound(default, field);
        quote_spanned!(at(literal)=> || { let _ = #value; ::core::result::Result::Ok(()) })
    })
}

enum Converted {
    Certain(TokenStream),
    /// A text that this type has to parse.
    Perhaps(TokenStream),
}

fn converted(literal: &LitStr, field: &FieldContext<'_>) -> Converted {
    let (span, FieldContext { ty, .. }) = (at(literal), field);
    let inner = option_of(ty);
    let ty = inner.unwrap_or(ty);
    let is_option = inner.is_some();
    if takes_no_text(ty) && !is_option {
        return Converted::Certain(literal.to_token_stream());
    }
    if field.serde || takes_no_text(ty) {
        let value = quote_spanned!(span=> <#ty as ::core::convert::From<&'static str>>::from(#literal));
        let value = if is_option { quote_spanned!(span=> ::core::option::Option::Some(#value)) } else { value };
        return Converted::Certain(value);
    }
    Converted::Perhaps(ty.to_token_stream())
}

/// The list of a `choices = [a, b]`. An expression that is not an array literal is used as it is.
pub(crate) fn values(list: &Expr, field: &FieldContext<'_>) -> TokenStream {
    match ungroup(list) {
        Expr::Array(array) => {
            let elements = array.elems.iter().map(|element| bound(element, field));
            quote_spanned!(at(array)=> [#(#elements),*])
        }
        _ => list.to_token_stream(),
    }
}

/// A rule as a function of `&#ty`. A path is called in a closure, so that a `fn(&str)` serves a `String`.
pub(crate) fn rule(rule: &Expr, ty: &TokenStream) -> TokenStream {
    match ungroup(rule) {
        Expr::Path(path) => quote_spanned!(at(path)=> |value: &#ty| #path(value)),
        other => other.to_token_stream(),
    }
}

pub(crate) fn string_literal(value: &Expr) -> Option<&LitStr> {
    match ungroup(value) {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Some(literal),
        _ => None,
    }
}

/// Whether it is a literal, perhaps with a sign.
fn is_plain_literal(value: &Expr) -> bool {
    match ungroup(value) {
        Expr::Lit(_) => true,
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => matches!(ungroup(expr), Expr::Lit(_)),
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

/// The span for generated code that belongs to these tokens of the user: errors point at them, and lints still see that the code
/// is generated.
pub(crate) fn at(place: impl Spanned) -> Span {
    Span::mixed_site().located_at(place.span())
}

/// Types without a conversion from a text. Left out, the conversion cannot make the error message longer.
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
pub(crate) fn ungroup(value: &Expr) -> &Expr {
    match value {
        Expr::Group(group) => ungroup(&group.expr),
        other => other,
    }
}
