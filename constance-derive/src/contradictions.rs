//! Attributes of a field that contradict each other, as far as their literals show.

use std::cmp::Ordering;

use syn::{Expr, ExprLit, ExprUnary, Lit, Type, UnOp};

use crate::convert::{is_text, ungroup};
use crate::diagnostics::Diagnostics;
use crate::field::{DefaultValue, SettingField};

/// A value that is known while the macro runs.
#[derive(PartialEq, PartialOrd)]
enum Literal {
    Int(i128),
    Float(f64),
    Char(char),
    Text(String),
}

/// Adds errors for bounds that allow no value, and for defaults and choices outside the bounds.
pub(crate) fn check(field: &SettingField, diagnostics: &mut Diagnostics) {
    let literal = |value: &Expr| literal(value, &field.ty);
    let (min, max) = (field.min.as_ref().and_then(literal), field.max.as_ref().and_then(literal));
    let outside = |value: &Literal| {
        if min.as_ref().is_some_and(|min| is_below(value, min)) {
            return Some("below `min`");
        }
        max.as_ref().is_some_and(|max| is_below(max, value)).then_some("above `max`")
    };
    if let (Some(min), Some(max), Some(place)) = (&min, &max, &field.max)
        && is_below(max, min)
    {
        diagnostics.add(place, "`max` is below `min`");
        return;
    }
    let choices = field.choices.as_ref().map_or_else(Vec::new, elements);
    for choice in &choices {
        if let Some(words) = literal(choice).as_ref().and_then(outside) {
            diagnostics.add(choice, format!("this choice is {words}"));
        }
    }
    let DefaultValue::Given(default) = &field.default else { return };
    let Some(value) = literal(default) else { return };
    if let Some(words) = outside(&value) {
        diagnostics.add(default, format!("the default is {words}"));
    } else if !choices.is_empty()
        && choices.iter().all(|choice| literal(choice).is_some_and(|choice| differ(&choice, &value)))
    {
        diagnostics.add(default, "the default is none of the `choices`");
    }
}

fn is_below(one: &Literal, other: &Literal) -> bool {
    one.partial_cmp(other) == Some(Ordering::Less) && same_kind(one, other)
}

fn differ(one: &Literal, other: &Literal) -> bool {
    one != other && same_kind(one, other)
}

/// Where the kinds differ, the compiler reports that one is not of the field's type.
fn same_kind(one: &Literal, other: &Literal) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn elements(list: &Expr) -> Vec<&Expr> {
    match ungroup(list) {
        Expr::Array(array) => array.elems.iter().collect(),
        _ => Vec::new(),
    }
}

fn literal(value: &Expr, ty: &Type) -> Option<Literal> {
    match ungroup(value) {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(int) => int.base10_parse().ok().map(Literal::Int),
            Lit::Float(float) => float.base10_parse().ok().map(Literal::Float),
            Lit::Char(char) => Some(Literal::Char(char.value())),
            // In another type, two different texts may be the same value.
            Lit::Str(text) if is_text(ty) => Some(Literal::Text(text.value())),
            _ => None,
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match literal(expr, ty)? {
            Literal::Int(int) => Some(Literal::Int(-int)),
            Literal::Float(float) => Some(Literal::Float(-float)),
            _ => None,
        },
        Expr::Paren(inner) => literal(&inner.expr, ty),
        Expr::Call(call) if call.args.len() == 1 && is_some(&call.func) => literal(&call.args[0], ty),
        _ => None,
    }
}

fn is_some(function: &Expr) -> bool {
    matches!(ungroup(function), Expr::Path(path) if path.path.is_ident("Some"))
}
