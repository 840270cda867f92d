//! Telling a forked child from its parent.

use std::process;

/// The process that a connection or a thread belongs to. A forked child is another process.
///
/// Asking for it costs a system call, so it is done only where there is I/O anyway.
///
/// ```
/// use constance_pool::ProcessId;
///
/// let process = ProcessId::current();
/// assert!(process.is_current());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessId(u32);

impl ProcessId {
    /// The current process.
    #[must_use]
    pub fn current() -> Self {
        Self(process::id())
    }

    /// Whether it is the current process.
    #[must_use]
    pub fn is_current(self) -> bool {
        self == Self::current()
    }
}
