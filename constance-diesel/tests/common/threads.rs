//! How many threads this process has.
#![allow(clippy::expect_used, dead_code, unreachable_pub)]

use std::process::Command;

/// The name of the variable that tells a program of tests that another one started it.
const AGAIN: &str = "CONSTANCE_WITHOUT_THREADS";

/// The threads of this process, where the system tells.
pub fn count() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
}

/// Waits until there are no more than so many: one that has done its work ends a moment later.
pub fn until_at_most(most: usize) {
    let now = std::time::Instant::now();
    while let Some(count) = count().filter(|count| *count > most) {
        assert!(now.elapsed().as_secs() < 60, "{count} threads, and {most} are enough");
        std::thread::yield_now();
    }
}

/// What this program was started with, where [`without_threads`] started it.
pub fn started_again_with() -> Option<String> {
    std::env::var(AGAIN).ok()
}

/// Runs the test of this name in a process that gets no thread from the system: each would have a stack that is larger than the
/// memory.
pub fn without_threads(test: &str, with: &str) {
    let mut program = Command::new(std::env::current_exe().expect("this program"));
    program.args([test, "--exact", "--test-threads=1", "--nocapture"]);
    let output = program.env("RUST_MIN_STACK", (1_u64 << 46).to_string()).env(AGAIN, with).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
