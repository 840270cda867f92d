//! Counting the threads of this process, and running a test without new ones.

use std::process::Command;

use crate::poll::until;

/// The variable that is set where [`without_threads`] has started this test program.
const AGAIN: &str = "CONSTANCE_WITHOUT_THREADS";

/// The threads of this process, where the system reports them.
#[must_use]
pub fn count() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
}

/// Waits until there are at most so many threads: a thread ends a moment after its work.
///
/// # Panics
///
/// Where there are more for a minute.
#[track_caller]
pub fn until_at_most(most: usize) {
    until(&format!("at most {most} threads"), || count().is_none_or(|count| count <= most).then_some(()));
}

/// The argument of [`without_threads`], where that has started this program.
#[must_use]
pub fn started_again_with() -> Option<String> {
    std::env::var(AGAIN).ok()
}

/// Runs the test of this name in a process that cannot start threads: the stack of a thread would be larger than the
/// memory. That test finds `with` in [`started_again_with`].
///
/// # Panics
///
/// Where the test does not pass.
pub fn without_threads(test: &str, with: &str) {
    let mut program = Command::new(std::env::current_exe().expect("this program"));
    program.args([test, "--exact", "--test-threads=1", "--nocapture"]);
    let output = program.env("RUST_MIN_STACK", (1_u64 << 46).to_string()).env(AGAIN, with).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
