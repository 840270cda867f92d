//! A folder with the data of a new server, made once for a test program and copied for each server of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::Builder;

use crate::user::User;

/// Removes the folder with the test program: a static is never dropped.
const REMOVER: &str = r#"trap '' HUP INT QUIT TERM; read -r word; rm -rf "$1""#;

#[derive(Debug)]
pub(crate) struct Template {
    folder: PathBuf,
    user: Option<User>,
    _remover: Child,
}

impl Template {
    /// An empty folder of the user that the server runs as, where we are root.
    pub(crate) fn new(user: &str) -> Self {
        let user = User::instead_of_root(user);
        let folder = own_folder(user);
        let mut remover = Command::new("sh");
        remover.args(["-c", REMOVER, "remover"]).arg(&folder).stdin(Stdio::piped()).stdout(Stdio::null());
        let remover = remover.stderr(Stdio::null()).spawn().expect("a shell");
        Self { folder, user, _remover: remover }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file that the server can read.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
        if let Some(user) = self.user {
            user.own(&self.path(name));
        }
    }

    /// Runs a program in the folder, as its owner.
    pub(crate) fn run(&self, mut command: Command) {
        if let Some(user) = self.user {
            user.run(&mut command);
        }
        let output = command.current_dir(&self.folder).env("LC_ALL", "C").output().expect("a program that starts");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
    }

    /// A copy, which is removed by whoever gets it.
    pub(crate) fn copy(&self) -> PathBuf {
        let folder = own_folder(self.user);
        let status = Command::new("cp").arg("-a").arg(self.folder.join(".")).arg(&folder).status();
        assert!(status.expect("`cp`").success(), "the template cannot be copied");
        folder
    }

    pub(crate) fn user(&self) -> Option<User> {
        self.user
    }
}

/// Where every user may go, and with a short name, since there will be a socket in it: cargo's folder may be closed to
/// the server's user.
pub(crate) fn own_folder(user: Option<User>) -> PathBuf {
    let folder =
        Builder::new().prefix("constance-").tempdir_in(std::env::temp_dir()).expect("a temporary folder").keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a private folder");
    if let Some(user) = user {
        user.own(&folder);
    }
    folder
}
