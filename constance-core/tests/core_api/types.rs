//! The types of other crates as settings: their text forms, their stored form, and that the crates read each other's.

mod declared;
mod literals;
mod stored;
mod texts;
