//! Packages the crates as they would be published, and builds them from the packages.

use std::fs;
use std::io;
use std::path::Path;

use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::workspace::{Package, Workspace};

/// What cargo's own verification does, but for one thing: it unpacks to a folder in the user's cargo home that is named
/// after this tree's path, and takes what an earlier run left there for the package of the same version.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    // All at once: one crate alone cannot find siblings that are not published.
    // Uncommitted changes are allowed: this is about the tree as it is, before it is committed.
    let mut package = Cmd::cargo().words("package --workspace --locked --allow-dirty --no-verify");
    for tool in workspace.packages.iter().filter(|package| !package.published) {
        package = package.words("--exclude").args([tool.name.as_str()]);
    }
    package.run(root)?;

    let unpacked = workspace.target.join("packaged");
    lay_out(workspace, &unpacked).map_err(|error| Error::failed(format!("cannot unpack the packages: {error}")))?;
    for library in workspace.libraries() {
        let file = workspace.target.join("package").join(format!("{}.crate", folder(library)));
        // As files of now: the times in a package are all the same, and cargo would take each for what it has built before.
        Cmd::new("tar").words("-xmzf").args([text(&file), "-C".to_owned(), text(&unpacked)]).run(root)?;
    }
    // The lock file names this workspace's tools as well, which are not there: `--locked` would refuse to leave them out.
    Cmd::cargo().words("check --workspace --all-features --target-dir").args([text(&workspace.target)]).run(&unpacked)
}

/// A workspace of the packages alone, where each finds its siblings among them and nothing of the tree.
fn lay_out(workspace: &Workspace, unpacked: &Path) -> io::Result<()> {
    match fs::remove_dir_all(unpacked) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(unpacked)?;
    let libraries: Vec<&Package> = workspace.libraries().collect();
    fs::write(unpacked.join("Cargo.toml"), manifest(&libraries))?;
    fs::copy(workspace.root.join("Cargo.lock"), unpacked.join("Cargo.lock")).map(drop)
}

fn manifest(libraries: &[&Package]) -> String {
    let members: Vec<String> = libraries.iter().map(|library| format!("{:?}", folder(library))).collect();
    let siblings = libraries.iter().map(|library| format!("{} = {{ path = {:?} }}\n", library.name, folder(library)));
    let siblings: String = siblings.collect();
    format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[patch.crates-io]\n{siblings}", members.join(", "))
}

/// The folder in a package, and its file's name.
fn folder(package: &Package) -> String {
    format!("{}-{}", package.name, package.version)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packages_are_each_others_siblings() {
        let package = |name: &str| Package { name: name.into(), version: "0.1.0".into(), ..Package::default() };
        let written = manifest(&[&package("a"), &package("b")]);
        assert!(written.contains("members = [\"a-0.1.0\", \"b-0.1.0\"]\n"), "{written}");
        assert!(
            written.ends_with("[patch.crates-io]\na = { path = \"a-0.1.0\" }\nb = { path = \"b-0.1.0\" }\n"),
            "{written}"
        );
    }
}
