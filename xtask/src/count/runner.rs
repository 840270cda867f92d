//! The program that runs the benchmarks under valgrind. It has to be of the same version as the crate they are written with.

use std::fs;
use std::path::PathBuf;

use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::workspace::Workspace;

const CRATE: &str = "gungraun";
const RUNNER: &str = "gungraun-runner";

/// Builds it into the target folder, where it is not there yet.
pub(super) fn install(workspace: &Workspace) -> Result<PathBuf> {
    let path = workspace.root.join("Cargo.lock");
    let lock =
        fs::read_to_string(&path).map_err(|error| Error::failed(format!("cannot read {}: {error}", path.display())))?;
    let version = locked(&lock, CRATE).ok_or_else(|| Error::failed(format!("{} has no `{CRATE}`", path.display())))?;
    let folder = workspace.target.join("tools").join(format!("{RUNNER}-{version}"));
    let program = folder.join("bin").join(RUNNER);
    if !program.is_file() {
        let root = folder.to_string_lossy().into_owned();
        Cmd::cargo()
            .words("install --quiet --locked --version")
            .args([version, "--root", &root, RUNNER])
            .run(&workspace.root)?;
    }
    Ok(program)
}

/// The version of the package in a lock file.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{package}\""));
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_lock_file() {
        let lock = "[[package]]\nname = \"gungraun-macros\"\nversion = \"0.7.0\"\n\n\
                    [[package]]\nname = \"gungraun\"\nversion = \"0.20.0\"\n";
        assert_eq!(locked(lock, CRATE), Some("0.20.0"));
        assert_eq!(locked(lock, "valgrind"), None);
    }
}
