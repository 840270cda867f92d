//! A struct of 2,000 settings.

// Clippy would look at it for minutes.
#[cfg(not(clippy))]
mod stack;
