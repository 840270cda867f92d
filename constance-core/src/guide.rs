//! What there is to know beside the single items.

#[doc = include_str!("../docs/changing.md")]
pub mod changing_your_struct {}

#[doc = include_str!("../docs/fronts.md")]
pub mod fronts {}
