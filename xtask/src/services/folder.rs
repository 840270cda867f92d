//! The temporary folder of a run. It goes away with whoever made it, however that one ends.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Error, Result};

/// Waits for the end of its input, which comes when our process ends, even by `kill -9`, and then removes the folder.
/// A server that is being killed at the same moment may still write into it: hence again and again.
const REMOVER: &str = r#"
read -r word
[ "$word" = keep ] && exit 0
tries=0
until rm -rf -- "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -ge 600 ] && exit 1
    sleep 0.1
done
"#;

/// A folder inside it that only we can read: keys of certificates and passwords will be in it.
pub(super) fn private(path: &Path) -> Result<()> {
    let made = DirBuilder::new().mode(0o700).create(path);
    made.map_err(|error| Error::failed(format!("cannot create {}: {error}", path.display())))
}

/// A folder of our own, removed on drop.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    remover: Child,
}

impl Folder {
    pub(super) fn new() -> Result<Self> {
        let path = create()?;
        let mut command = Command::new("sh");
        command.args(["-c", REMOVER, "sh"]).arg(&path).stdin(Stdio::piped());
        // Quiet, and deaf to the Ctrl-C that ends us: it still has work to do.
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let remover = command.spawn().map_err(|error| Error::failed(format!("cannot start `sh`: {error}")))?;
        Ok(Self { path, remover })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the folder where it is, for somebody to look at.
    pub(super) fn keep(mut self) -> PathBuf {
        if let Some(mut input) = self.remover.stdin.take() {
            // If it does not hear us, the folder is gone; nothing else depends on it.
            let _ = input.write_all(b"keep\n");
        }
        self.path.clone()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.remover.stdin.take());
        let _ = self.remover.wait();
    }
}

/// The number of the next folder. None is used twice, so that the name of a removed folder stays nobody's.
static NEXT: AtomicU32 = AtomicU32::new(0);

fn create() -> Result<PathBuf> {
    let parent = std::env::temp_dir();
    let process = std::process::id();
    for _ in 0..=u16::MAX {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        // Short: a unix socket inside it must stay below 108 bytes.
        let path = parent.join(format!("constance-{process}-{n}"));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => {
                // Servers that refuse to run as root reach what is theirs in it, whatever our mask is. Nobody else lists
                // it, and what is inside is private to whose it is.
                return match fs::set_permissions(&path, Permissions::from_mode(0o711)) {
                    Ok(()) => Ok(path),
                    Err(error) => Err(Error::failed(format!("cannot open {} to servers: {error}", path.display()))),
                };
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Error::failed(format!("cannot create a folder in {}: {error}", parent.display())));
            }
        }
    }
    Err(Error::failed(format!("{} is full of folders of ours: remove them", parent.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_removed_with_all_that_is_in_it() {
        let folder = Folder::new().unwrap();
        let path = folder.path().to_owned();
        fs::create_dir(path.join("a")).unwrap();
        fs::write(path.join("a/b"), "c").unwrap();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn it_is_kept_when_told() {
        let path = Folder::new().unwrap().keep();
        assert!(path.is_dir());
        fs::remove_dir(path).unwrap();
    }

    #[test]
    fn two_are_different() {
        assert_ne!(Folder::new().unwrap().path(), Folder::new().unwrap().path());
    }
}
