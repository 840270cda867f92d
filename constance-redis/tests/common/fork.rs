//! Forked children.
#![allow(clippy::expect_used, dead_code, unreachable_pub)]

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::{Duration, Instant};

use fork::Fork;

/// A child, which has to end without a failure.
#[must_use]
pub struct Child(i32);

/// Forks. The child runs `work` on its only thread.
pub fn child(work: impl FnOnce()) -> Child {
    match fork::fork().expect("a process") {
        Fork::Parent(process) => Child(process),
        Fork::Child => {
            // The test program would not show captured output.
            std::panic::set_hook(Box::new(|panic| {
                let _ = writeln!(std::io::stderr(), "in the child: {panic}");
            }));
            let is_well = catch_unwind(AssertUnwindSafe(work)).is_ok();
            std::process::exit(i32::from(!is_well));
        }
    }
}

impl Child {
    /// Waits for the end of the child.
    pub fn ends_well(self) {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            match fork::waitpid_nohang(self.0).expect("a child") {
                Some(status) => return assert_eq!(status, 0, "it ended with an error"),
                None if Instant::now() < end => std::thread::yield_now(),
                None => {
                    let _ = Command::new("kill").args(["-KILL", &self.0.to_string()]).status();
                    panic!("the child hangs");
                }
            }
        }
    }
}

/// Waits until a condition is true.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::yield_now();
    }
}
