//! Where the programs of servers are.

use std::path::{Path, PathBuf};

use crate::required::skip;

/// Where a program is: on the `PATH`, or in one of the folders in which Debian keeps servers. The newest PostgreSQL comes first.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort();
    let others = versions.into_iter().rev().chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let mut places = std::env::split_paths(&path).chain(others).map(|folder| folder.join(program));
    places.find(|place| place.is_file())
}

/// The program, where it is installed. Where it is not, says so as [`skip`] does.
pub(crate) fn installed<'a>(name: &str, found: &'a Option<PathBuf>) -> Option<&'a Path> {
    if found.is_none() {
        skip(&format!("{name} is not installed"));
    }
    found.as_deref()
}
