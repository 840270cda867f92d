//! What the workspace holds, as `cargo metadata` tells it: nothing about crates, features or targets is written down here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::command::Cmd;
use crate::error::{Error, Result};

/// The packages of the workspace and where it is.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One package.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) manifest: PathBuf,
    /// False for `publish = false`: not one of the library's crates.
    pub(crate) published: bool,
    /// Whether it is in the folder `examples`, or in one of that.
    pub(crate) is_example: bool,
    /// Feature names and what each turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) targets: Vec<Target>,
    /// Of the entries that a published crate should have, those that are missing.
    pub(crate) undescribed: Vec<&'static str>,
}

/// A library, test, example or benchmark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) required_features: Vec<String>,
}

impl Package {
    pub(crate) fn targets<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Target> {
        self.targets.iter().filter(move |target| target.kind == kind)
    }
}

impl Workspace {
    /// Asks cargo about the workspace around the current folder.
    pub(crate) fn load() -> Result<Self> {
        let here =
            std::env::current_dir().map_err(|error| Error::failed(format!("cannot tell the folder: {error}")))?;
        let text = Cmd::cargo().words("metadata --no-deps --format-version 1").output(&here)?;
        Self::read(&text)
    }

    /// The library's crates: everything that is published.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.published)
    }

    /// The names of the packages, those of all dependencies included, that link a library which is not written in Rust.
    pub(crate) fn links(&self) -> Result<BTreeSet<String>> {
        let value = parsed(&Cmd::cargo().words("metadata --locked --format-version 1").output(&self.root)?)?;
        let linking = list(&value, "packages").iter().filter(|package| package["links"].is_string());
        Ok(linking.map(|package| text_of(package, "name")).collect())
    }

    fn read(text: &str) -> Result<Self> {
        let value = parsed(text)?;
        let packages: Vec<Package> = list(&value, "packages").iter().map(package).collect();
        if packages.is_empty() {
            return Err(Error::failed("`cargo metadata` lists no packages"));
        }
        let [root, target] = ["workspace_root", "target_directory"].map(|name| PathBuf::from(text_of(&value, name)));
        Ok(Self { root, target, packages })
    }
}

fn parsed(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Error::failed(format!("cannot understand `cargo metadata`: {error}")))
}

fn package(value: &Value) -> Package {
    const DESCRIBED: [&str; 7] =
        ["description", "license", "readme", "rust_version", "keywords", "categories", "metadata"];
    let missing = |name: &&str| match &value[*name] {
        Value::Null => true,
        Value::Array(entries) => entries.is_empty(),
        _ => false,
    };
    let manifest = PathBuf::from(text_of(value, "manifest_path"));
    Package {
        name: text_of(value, "name"),
        version: text_of(value, "version"),
        is_example: manifest.ancestors().skip(2).take(2).any(|folder| folder.ends_with("examples")),
        manifest,
        // `publish` is the list of registries allowed: null for all of them, empty for none.
        published: value["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        features: value["features"]
            .as_object()
            .map(|features| features.iter().map(|(name, on)| (name.clone(), texts(on))).collect())
            .unwrap_or_default(),
        targets: list(value, "targets").iter().map(target).collect(),
        undescribed: DESCRIBED.into_iter().filter(missing).collect(),
    }
}

fn target(value: &Value) -> Target {
    Target {
        name: text_of(value, "name"),
        kind: texts(&value["kind"]).into_iter().next().unwrap_or_default(),
        required_features: texts(&value["required-features"]),
    }
}

fn text_of(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_features_and_targets_are_read() {
        let text = r#"{"workspace_root": "/w", "target_directory": "/t", "packages": [
            {"name": "a", "version": "1.2.3", "manifest_path": "/w/a/Cargo.toml", "publish": null, "description": "A", "keywords": [],
             "features": {"default": [], "x": ["dep:y"]},
             "targets": [{"name": "a", "kind": ["lib"]},
                         {"name": "t", "kind": ["test"], "required-features": ["x"]}]},
            {"name": "tool", "manifest_path": "/w/examples/tool/Cargo.toml", "publish": [], "targets": []}]}"#;
        let workspace = Workspace::read(text).unwrap();
        assert_eq!(workspace.libraries().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!((workspace.root, workspace.target), (PathBuf::from("/w"), PathBuf::from("/t")));
        let package = &workspace.packages[0];
        assert_eq!(package.version, "1.2.3");
        assert_eq!(workspace.packages.iter().map(|package| package.is_example).collect::<Vec<_>>(), [false, true]);
        assert_eq!(package.features["x"], ["dep:y"]);
        let wanted = Target { name: "t".into(), kind: "test".into(), required_features: vec!["x".into()] };
        assert_eq!(package.targets("test").collect::<Vec<_>>(), [&wanted]);
        assert!(package.undescribed.contains(&"keywords") && !package.undescribed.contains(&"description"));
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(Workspace::read("no json").is_err());
        assert!(Workspace::read("{}").is_err());
    }
}
