//! The user of a server that refuses to run as root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::error::{Result, StartError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    user: u32,
    group: u32,
}

impl User {
    /// The user of this name where we are root. `None` where we are not: then servers run as ourselves.
    pub(crate) fn instead_of_root(name: &str) -> Result<Option<Self>> {
        if number(&["-u"])? != 0 {
            return Ok(None);
        }
        let missing = |_| {
            let advice = "install the server as a package of the system, or run this as another user";
            StartError::failed(format!("there is no user `{name}`, and root may not run this server: {advice}"))
        };
        let user = number(&["-u", name]).map_err(missing)?;
        Ok(Some(Self { user, group: number(&["-g", name]).map_err(missing)? }))
    }

    /// Gives it a file or folder.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        chown(path, Some(self.user), Some(self.group))
            .map_err(|error| StartError::system(format!("cannot give {} to another user", path.display()), &error))
    }

    /// Has it run a command.
    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

fn number(args: &[&str]) -> Result<u32> {
    let output = Command::new("id").args(args).output();
    let output = output.map_err(|error| StartError::system("cannot start `id`", &error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| StartError::failed(format!("`id {}` gives no number", args.join(" "))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn only_root_needs_another() {
        let root = number(&["-u"]).unwrap() == 0;
        assert_eq!(User::instead_of_root("nobody").unwrap().is_some(), root);
        assert_eq!(User::instead_of_root("no-such-user").is_err(), root);
    }
}
