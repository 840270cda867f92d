//! The data of a new server, made once for a process and copied for each server.

use std::path::PathBuf;
use std::process::Command;

use crate::error::Result;
use crate::folder;
use crate::tool;
use crate::user::User;

#[derive(Debug, Clone)]
pub(crate) struct Template {
    folder: PathBuf,
    pub(crate) user: Option<User>,
}

impl Template {
    /// An empty folder of the user that runs the server where we are root.
    pub(crate) fn new(user: &str) -> Result<Self> {
        let user = User::instead_of_root(user)?;
        Ok(Self { folder: folder::new(user)?, user })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file that the server can read.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<()> {
        folder::write(&self.path(name), text, self.user)
    }

    /// Runs a program in the folder, as its owner.
    pub(crate) fn run(&self, command: Command) -> Result<()> {
        tool::run(command, self.user, &self.folder)
    }

    /// A copy for a server.
    pub(crate) fn copy(&self) -> Result<PathBuf> {
        let folder = folder::new(self.user)?;
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(self.folder.join(".")).arg(&folder);
        // As ourselves: the owners of files are copied too.
        tool::run(copy, None, &folder)?;
        Ok(folder)
    }
}
