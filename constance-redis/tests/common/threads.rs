//! Counting the threads of this process.
#![allow(clippy::expect_used, dead_code, unreachable_pub)]

use std::process::Command;

/// The variable that is set where [`without_threads`] has started this test program.
const AGAIN: &str = "CONSTANCE_WITHOUT_THREADS";

/// The threads of this process, where the system reports them.
pub fn count() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
}

/// Waits until there are at most so many threads: a thread ends a moment after its work.
pub fn until_at_most(most: usize) {
    let now = std::time::Instant::now();
    while let Some(count) = count().filter(|count| *count > most) {
        assert!(now.elapsed().as_secs() < 60, "{count} threads, and {most} are enough");
        std::thread::yield_now();
    }
}

/// The argument of [`without_threads`], where that has started this program.
pub fn started_again_with() -> Option<String> {
    std::env::var(AGAIN).ok()
}

/// Runs the test of this name in a process that cannot start threads: the stack of a thread would be larger than the
/// memory.
pub fn without_threads(test: &str, with: &str) {
    let mut program = Command::new(std::env::current_exe().expect("this program"));
    program.args([test, "--exact", "--test-threads=1", "--nocapture"]);
    let output = program.env("RUST_MIN_STACK", (1_u64 << 46).to_string()).env(AGAIN, with).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
