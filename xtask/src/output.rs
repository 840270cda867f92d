//! Printing that survives a closed pipe: `println!` panics when `cargo xtask test | head` stops reading.

use std::fmt::Display;
use std::io::Write;

/// Prints one line. Flushed at once: the next line may come from a program that we start.
#[cfg(not(test))]
pub(crate) fn line(text: impl Display) {
    let mut out = std::io::stdout().lock();
    // A reader that went away wants no more lines; the exit code still tells how the task ended.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// In a unit test through `println!`, which the harness captures: a step that fails on purpose must not be read as one
/// that failed.
#[cfg(test)]
pub(crate) fn line(text: impl Display) {
    println!("{text}");
}

/// Prints one line where errors go.
pub(crate) fn complaint(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "xtask: {text}");
}
