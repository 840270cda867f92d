//! What a compiler does not look at: entries of manifests, project files, and paths of somebody's machine.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::output;
use crate::test::BACKENDS;
use crate::workspace::{Package, Workspace};

const PROJECT_FILES: [&str; 7] =
    ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE-MIT", "LICENSE-APACHE"];

pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let mut wrong = Vec::new();
    for package in &workspace.packages {
        let text = fs::read_to_string(&package.manifest)
            .map_err(|error| Error::failed(format!("cannot read {}: {error}", package.manifest.display())))?;
        wrong.extend(not_inherited(&text).into_iter().map(|entry| format!("{} lacks `{entry}`", package.name)));
        if package.published {
            wrong.extend(dead_links(package));
            wrong.extend(package.undescribed.iter().map(|entry| format!("{} lacks `{entry}`", package.name)));
        }
    }
    wrong.extend(lost_links(&workspace.root));
    let missing = PROJECT_FILES.iter().filter(|name| !workspace.root.join(name).is_file());
    wrong.extend(missing.map(|name| format!("{name} does not exist")));
    wrong.extend(machine_paths(workspace)?);
    // Workspaces of their own, whose lock files no other build keeps up to date.
    for folder in BACKENDS.into_iter().chain(["fuzz"]) {
        let manifest = format!("{folder}/Cargo.toml");
        let metadata =
            Cmd::cargo().words("metadata --locked --format-version 1 --manifest-path").args([manifest.clone()]);
        if let Err(error) = metadata.output(&workspace.root) {
            wrong.push(format!(
                "{folder}/Cargo.lock: {error}; `cargo metadata --manifest-path {manifest}` brings it up to date"
            ));
        }
    }
    for line in &wrong {
        output::line(line);
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::failed(format!("{} entries above", wrong.len()))) }
}

/// Entries that come from the workspace, so that all crates agree: `unsafe_code` is forbidden by one of them.
fn not_inherited(manifest: &str) -> Vec<&'static str> {
    const INHERITED: [&str; 4] = [
        "version.workspace = true",
        "rust-version.workspace = true",
        "license.workspace = true",
        "[lints] workspace = true",
    ];
    let lines: Vec<&str> = manifest.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let lints = lines.windows(2).any(|pair| pair == ["[lints]", "workspace = true"]);
    let has = |entry: &&str| if entry.starts_with('[') { lints } else { lines.contains(entry) };
    INHERITED.into_iter().filter(|entry| !has(entry)).collect()
}

/// Links of a crate's pages to files of the repository: the pages are the crate's documentation too, where such a link leads
/// nowhere.
fn dead_links(package: &Package) -> Vec<String> {
    let folder = package.manifest.parent().unwrap_or(&package.manifest);
    let docs = fs::read_dir(folder.join("docs")).into_iter().flatten().flatten().map(|entry| entry.path());
    let pages = std::iter::once(folder.join("README.md")).chain(docs);
    let mut dead = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap_or_default();
        let files = links(&text).filter(|link| link.contains('/') || link.ends_with(".md"));
        dead.extend(files.map(|link| format!("{} links to the file {link}", page.display())));
    }
    dead
}

/// Links between the project's own pages that lead to no file.
fn lost_links(root: &Path) -> Vec<String> {
    let mut pages: Vec<PathBuf> = PROJECT_FILES.iter().map(|name| root.join(name)).collect();
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() { folders.push(path) } else { pages.push(path) }
        }
    }
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    let mut lost = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap_or_default();
        let folder = page.parent().unwrap_or(root);
        let lost_here = lost_in(&text, |file| folder.join(file).exists());
        lost.extend(lost_here.map(|link| format!("{} links to {link}, which is not there", page.display())));
    }
    lost
}

fn lost_in(text: &str, exists: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
    links(text).filter(move |link| link.split('#').next().is_some_and(|file| !exists(file)))
}

/// The targets of links that are no addresses.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets.filter(|target| !target.contains("://") && !target.starts_with('#'))
}

/// Files under version control that name the home folder of whoever runs this: such a path works on one machine.
fn machine_paths(workspace: &Workspace) -> Result<Vec<String>> {
    let Some(home) = std::env::var("HOME").ok().filter(|home| home.len() > 1) else { return Ok(Vec::new()) };
    let needle = format!("{}/", home.trim_end_matches('/'));
    let Ok(files) = Cmd::new("git").words("ls-files -z").output(&workspace.root) else {
        output::line("not a git repository: files are not searched for paths of this machine");
        return Ok(Vec::new());
    };
    let named = files.split('\0').filter(|file| {
        // A file that is no text, or is deleted but not yet committed, cannot name a path.
        fs::read_to_string(workspace.root.join(file)).is_ok_and(|text| text.contains(&needle))
    });
    Ok(named.map(|file| format!("{file} names a folder below {needle}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_page_that_is_not_there_is_lost() {
        let text = "[a](docs/a.md#b) [b](docs/b.md) [c](https://b/) [d](#d) [e](docs/c.md#d)";
        let lost: Vec<&str> = lost_in(text, |file| file == "docs/a.md").collect();
        assert_eq!(lost, ["docs/b.md", "docs/c.md#d"]);
    }

    #[test]
    fn links_to_files_are_told_from_addresses_and_paths() {
        let text = "[a](docs/a.md) [b](https://docs.rs/b/) [c](#c) [d](crate::Config) [e](../e.rs)";
        assert_eq!(links(text).collect::<Vec<_>>(), ["docs/a.md", "crate::Config", "../e.rs"]);
    }

    #[test]
    fn what_is_not_inherited_is_named() {
        let whole = "[package]\nversion.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\n[lints]\nworkspace = true\n";
        assert!(not_inherited(whole).is_empty());
        let wanted = ["rust-version.workspace = true", "[lints] workspace = true"];
        assert_eq!(not_inherited("version.workspace = true\nlicense.workspace = true\n[lints]\n"), wanted);
    }
}
