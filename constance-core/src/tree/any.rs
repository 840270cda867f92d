//! A value of any type on its way through serde, which has no form for one: its JSON, in a map with one name that nobody
//! else uses, in a newtype of that name.
//!
//! A text alone would not do: where serde keeps a part of a value for later (`flatten`, `untagged`) it forgets the newtype, and
//! a text of Django's own would be taken for the JSON of something else.

use super::{ConvertError, Tree};
use crate::django::json;

/// The name of the newtype, and of what it holds.
pub(crate) const NAME: &str = "$constance::json";

/// The value that the newtype stands for.
pub(super) fn unwrapped(map: Tree, in_some: bool) -> Result<Tree, ConvertError> {
    let Tree::Map(entries) = map else { return Err(ConvertError::SHAPE) };
    let tree = match entries.as_slice() {
        [(name, Tree::Text(text))] if name == NAME => json::read_text(text).map_err(|_| ConvertError::SHAPE)?,
        _ => return Err(ConvertError::SHAPE),
    };
    if in_some && tree == Tree::None {
        return Err(ConvertError::Words("that is null within an option, which would be read as none,"));
    }
    Ok(tree)
}

/// What stands for the value.
pub(super) fn wrapped(tree: &Tree) -> Result<(&'static str, String), ConvertError> {
    Ok((NAME, json::write_text(tree)?))
}
