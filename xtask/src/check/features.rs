//! Builds every library crate, and each tool and example that has features, with no feature, with each feature alone, and
//! with all of them.

use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::workspace::{Package, Workspace};

/// Stops at the first build that fails unless `keep_going`.
pub(super) fn check(workspace: &Workspace, keep_going: bool) -> Result<()> {
    let mut failed = Vec::new();
    for package in workspace.packages.iter().filter(|package| package.published || !package.features.is_empty()) {
        for choice in choices(package) {
            // Clippy rather than `cargo check`: its `-D warnings` reaches this workspace's crates alone, so that an
            // import that is unused without a feature is an error and no driver is built again for other compiler flags.
            let clippy = Cmd::cargo().words("clippy --quiet --locked -p").args([package.name.as_str()]);
            let build = format!("{} {}", package.name, choice.join(" "));
            match clippy.args(choice).words("-- -D warnings").run(&workspace.root) {
                Ok(()) => {}
                Err(_) if keep_going => failed.push(build),
                Err(error) => return Err(error),
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Error::failed(failed.join("; "))) }
}

/// The arguments that choose features, once for each build that differs.
fn choices(package: &Package) -> Vec<Vec<String>> {
    let features: Vec<&String> = package.features.keys().filter(|name| *name != "default").collect();
    let none = || vec!["--no-default-features".to_owned()];
    let mut choices = vec![none()];
    choices.extend(features.iter().map(|feature| {
        let mut choice = none();
        choice.extend(["--features".to_owned(), (*feature).clone()]);
        choice
    }));
    // `default` is one of the choices already when it turns on a single feature or nothing.
    if package.features.get("default").is_some_and(|on| on.len() > 1) {
        choices.push(Vec::new());
    }
    if features.len() > 1 {
        choices.push(vec!["--all-features".to_owned()]);
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(features: &[(&str, &[&str])]) -> Vec<String> {
        let features =
            features.iter().map(|(name, on)| ((*name).to_owned(), on.iter().map(|o| (*o).to_owned()).collect()));
        let package = Package { features: features.collect(), ..Package::default() };
        choices(&package).iter().map(|choice| choice.join(" ")).collect()
    }

    #[test]
    fn a_crate_without_features_is_built_once() {
        assert_eq!(lines(&[]), ["--no-default-features"]);
    }

    #[test]
    fn each_feature_is_built_alone() {
        let wanted = [
            "--no-default-features",
            "--no-default-features --features a",
            "--no-default-features --features b",
            "--all-features",
        ];
        assert_eq!(lines(&[("default", &["a"]), ("a", &[]), ("b", &[])]), wanted);
    }

    #[test]
    fn a_default_of_several_features_is_a_build_of_its_own() {
        assert!(lines(&[("default", &["a", "b"]), ("a", &[]), ("b", &[]), ("c", &[])]).contains(&String::new()));
    }
}
