//! Running a part of a test in a forked child.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::Duration;

use ::fork::{Fork, fork, waitpid_nohang};

use crate::poll::within;

/// How long a child may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A child, which has to end without a failure.
#[derive(Debug)]
#[must_use = "a child whose end nobody waits for proves nothing"]
pub struct Child(i32);

/// Forks. The child runs `work` on its only thread. A test that forks is alone in its test program: the child has what
/// other threads were doing, but not these threads.
///
/// # Panics
///
/// Where the system gives no process.
pub fn child(work: impl FnOnce()) -> Child {
    match fork().expect("a process") {
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
    ///
    /// # Panics
    ///
    /// Where `work` has panicked, or takes longer than two minutes.
    pub fn ends_well(self) {
        let Some(status) = within(LIMIT, || waitpid_nohang(self.0).expect("a child")) else {
            let _ = Command::new("sh").args(["-c", "kill -KILL \"$1\"", "sh", &self.0.to_string()]).status();
            panic!("the child hangs");
        };
        assert_eq!(status, 0, "it ended with an error");
    }
}
