//! Interruptions of all that this process waits for.

use std::process::Command;

/// The shell's own `kill`: a bare Debian has no program of that name.
const STOP_AND_GO_ON: &str = "for _ in 1 2 3 4 5 6 7 8; do kill -STOP \"$1\"; kill -CONT \"$1\"; sleep 0.02; done";

/// Stops this process and lets it go on, eight times.
///
/// On Linux, this ends each wait for a socket that has a limit of time with `EINTR`, whether or not anybody handles a signal:
/// see "Interruption of system calls and library functions by stop signals" in `signal(7)`.
///
/// # Panics
///
/// Where there is no shell.
pub fn interrupt_this_process() {
    let me = std::process::id().to_string();
    let status = Command::new("sh").args(["-c", STOP_AND_GO_ON, "sh", &me]).status();
    assert!(status.expect("a shell").success(), "this process cannot be stopped");
}
