//! Running a part of a test in a forked child.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::Duration;

use ::fork::{Fork, fork, waitpid_nohang};

use crate::poll::within;

/// How long a child may take.
const LIMIT: Duration = Duration::from_secs(120);

/// How long other threads may run on.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether no thread of this process runs but this one. `None` where the system does not show it, as without `/proc`.
fn do_others_sleep() -> Option<bool> {
    let own = std::fs::read_link("/proc/thread-self").ok()?;
    let tasks = std::fs::read_dir("/proc/self/task").ok()?.flatten();
    let mut others = tasks.map(|task| task.path()).filter(|task| task.file_name() != own.file_name());
    Some(others.all(|task| {
        // The state follows the name, which is in brackets. A thread that has ended meanwhile has no file.
        let stat = std::fs::read_to_string(task.join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('S'))
    }))
}

/// A child, which has to end without a failure.
#[derive(Debug)]
#[must_use = "a child whose end nobody waits for proves nothing"]
pub struct Child(i32);

/// Forks. The child runs `work` on its only thread. A test that forks is alone in its test program: the child has what
/// other threads were doing, but not these threads. So it forks when they all sleep, where the system shows that, and after a
/// second in any case: a lock that a running thread holds is held for ever in the child.
///
/// # Panics
///
/// Where the system gives no process.
pub fn child(work: impl FnOnce()) -> Child {
    let _ = within(PATIENCE, || do_others_sleep().unwrap_or(true).then_some(()));
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
