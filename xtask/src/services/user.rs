//! The user that servers run as which refuse to run as root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// A user without rights of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct User {
    user: u32,
    group: u32,
}

impl User {
    /// The user of this name where we are root; `None` where we are not, and servers run as ourselves.
    pub(super) fn instead_of_root(name: &str) -> Result<Option<Self>> {
        if number(&["-u"])? != 0 {
            return Ok(None);
        }
        let missing = |_| {
            let advice = "install the server as a package of the system, or run this as somebody else";
            Error::failed(format!("there is no user `{name}`, and root may not run this server: {advice}"))
        };
        let user = number(&["-u", name]).map_err(missing)?;
        Ok(Some(Self { user, group: number(&["-g", name]).map_err(missing)? }))
    }

    /// Gives it a file or folder.
    pub(super) fn own(self, path: &Path) -> Result<()> {
        chown(path, Some(self.user), Some(self.group))
            .map_err(|error| Error::failed(format!("cannot give {} to another user: {error}", path.display())))
    }

    /// Has it run a command.
    pub(super) fn run(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

fn number(args: &[&str]) -> Result<u32> {
    let output = Command::new("id").args(args).stderr(Stdio::null()).output();
    let output = output.map_err(|error| Error::failed(format!("cannot start `id`: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| Error::failed(format!("`id {}` gives no number", args.join(" "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_needs_another() {
        let root = number(&["-u"]).unwrap() == 0;
        assert_eq!(User::instead_of_root("nobody").unwrap().is_some(), root);
        assert_eq!(User::instead_of_root("no-such-user").is_err(), root);
    }
}
