//! Where the programs of servers are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a program is: on the `PATH`, or in one of the folders in which Debian keeps servers. The newest PostgreSQL comes first.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = ["/usr/local/sbin", "/usr/sbin"].map(PathBuf::from);
    let folders = std::env::split_paths(&path).chain(others).chain(postgres_folders());
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A `mysqld` that is MySQL's. MariaDB installs one of that name too.
#[must_use]
pub fn find_mysqld() -> Option<PathBuf> {
    let path = find("mysqld")?;
    let output = Command::new(&path).arg("--version").output().ok()?;
    let is_mysql = output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("MariaDB");
    is_mysql.then_some(path)
}

fn postgres_folders() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let mut versions: Vec<_> = versions.map(|entry| entry.path()).filter_map(|p| Some((version(&p)?, p))).collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, path)| path.join("bin")).collect()
}
