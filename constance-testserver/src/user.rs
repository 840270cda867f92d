//! The user that servers run as which refuse to run as root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    user: u32,
    group: u32,
}

impl User {
    /// The user of this name where we are root; nobody where we are not, and servers run as ourselves.
    pub(crate) fn instead_of_root(name: &str) -> Option<Self> {
        if number(&["-u"]) != 0 {
            return None;
        }
        Some(Self { user: number(&["-u", name]), group: number(&["-g", name]) })
    }

    pub(crate) fn own(self, path: &Path) {
        chown(path, Some(self.user), Some(self.group)).expect("a change of owner");
    }

    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

fn number(args: &[&str]) -> u32 {
    let output = Command::new("id").args(args).output().expect("`id`");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("`id {}` gives a number", args.join(" ")))
}
