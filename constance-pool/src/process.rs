//! Which process this is.

use std::process;

/// The process that something belongs to: a child that was forked is another one.
///
/// Asking costs a system call, so it is done where there is I/O anyway.
///
/// ```
/// use constance_pool::Process;
///
/// let process = Process::current();
/// assert!(process.is_current());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// This process.
    #[must_use]
    pub fn current() -> Self {
        Self(process::id())
    }

    /// Whether it is this process.
    #[must_use]
    pub fn is_current(self) -> bool {
        self == Self::current()
    }
}
