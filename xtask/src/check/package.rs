//! Packages the crates as they would be published, and builds them from the packages.

use crate::command::Cmd;
use crate::error::Result;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace) -> Result<()> {
    // All at once: one crate alone cannot find siblings that are not published.
    // Uncommitted changes are allowed: this is about the tree as it is, before it is committed.
    let mut package = Cmd::cargo().words("package --workspace --locked --allow-dirty");
    for tool in workspace.packages.iter().filter(|package| !package.published) {
        package = package.words("--exclude").args([tool.name.as_str()]);
    }
    package.run(&workspace.root)
}
