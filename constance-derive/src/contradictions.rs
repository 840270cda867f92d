//! What was said of a field and contradicts itself, as far as it is seen before anything runs: among literals.

use std::cmp::Ordering;

use syn::{Expr, ExprLit, ExprUnary, Lit, Type, UnOp};

use crate::convert::{is_text, peel};
use crate::field::{DefaultValue, SettingField};
use crate::problems::Problems;

/// A value that is known while the macro runs.
#[derive(PartialEq, PartialOrd)]
enum Known {
    Int(i128),
    Float(f64),
    Char(char),
    Text(String),
}

/// Notes bounds that no value keeps to, and defaults and choices outside them.
pub(crate) fn refuse(field: &SettingField, problems: &mut Problems) {
    let known = |value: &Expr| known(value, &field.ty);
    let (min, max) = (field.min.as_ref().and_then(known), field.max.as_ref().and_then(known));
    let outside = |value: &Known| {
        if min.as_ref().is_some_and(|min| is_below(value, min)) {
            return Some("below `min`");
        }
        max.as_ref().is_some_and(|max| is_below(max, value)).then_some("above `max`")
    };
    if let (Some(min), Some(max), Some(place)) = (&min, &max, &field.max)
        && is_below(max, min)
    {
        problems.add(place, "`max` is below `min`");
        return;
    }
    let choices = field.choices.as_ref().map_or_else(Vec::new, elements);
    for choice in &choices {
        if let Some(words) = known(choice).as_ref().and_then(outside) {
            problems.add(choice, format!("this choice is {words}"));
        }
    }
    let DefaultValue::Given(default) = &field.default else { return };
    let Some(value) = known(default) else { return };
    if let Some(words) = outside(&value) {
        problems.add(default, format!("the default is {words}"));
    } else if !choices.is_empty()
        && choices.iter().all(|choice| known(choice).is_some_and(|choice| differ(&choice, &value)))
    {
        problems.add(default, "the default is none of the `choices`");
    }
}

fn is_below(one: &Known, other: &Known) -> bool {
    one.partial_cmp(other) == Some(Ordering::Less) && same_kind(one, other)
}

fn differ(one: &Known, other: &Known) -> bool {
    one != other && same_kind(one, other)
}

/// Else the compiler says that one is not of the field's type.
fn same_kind(one: &Known, other: &Known) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn elements(list: &Expr) -> Vec<&Expr> {
    match peel(list) {
        Expr::Array(array) => array.elems.iter().collect(),
        _ => Vec::new(),
    }
}

fn known(value: &Expr, ty: &Type) -> Option<Known> {
    match peel(value) {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(int) => int.base10_parse().ok().map(Known::Int),
            Lit::Float(float) => float.base10_parse().ok().map(Known::Float),
            Lit::Char(char) => Some(Known::Char(char.value())),
            // A text of another type may be one value with another text.
            Lit::Str(text) if is_text(ty) => Some(Known::Text(text.value())),
            _ => None,
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match known(expr, ty)? {
            Known::Int(int) => Some(Known::Int(-int)),
            Known::Float(float) => Some(Known::Float(-float)),
            _ => None,
        },
        Expr::Paren(inner) => known(&inner.expr, ty),
        Expr::Call(call) if call.args.len() == 1 && is_some(&call.func) => known(&call.args[0], ty),
        _ => None,
    }
}

fn is_some(function: &Expr) -> bool {
    matches!(peel(function), Expr::Path(path) if path.path.is_ident("Some"))
}
