//! System packages: says which are missing, and installs them on Debian as root.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::args::Given;
use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::output;

/// A Debian package and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SystemPackage {
    pub(crate) name: &'static str,
    /// A program that does as well as the package, whoever installed it.
    pub(crate) program: Option<&'static str>,
    pub(crate) reason: &'static str,
}

/// Whether to install what is missing or only to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Install {
    Yes,
    OnlySay,
}

impl Install {
    /// As `--no-install` says.
    pub(crate) fn choose(given: &Given) -> Self {
        if given.flag("--no-install") { Self::OnlySay } else { Self::Yes }
    }
}

/// Sees to it that `wanted` are there. Prints what is missing and what is done about it.
pub(crate) fn ensure(wanted: &[SystemPackage], install: Install, folder: &Path) -> Result<()> {
    let debian = answers(Command::new("dpkg-query").arg("--version")).is_some();
    let missing: Vec<&SystemPackage> = wanted.iter().filter(|package| !present(package, debian)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for package in &missing {
        output::line(format!("missing: {} ({})", package.name, package.reason));
    }
    if install == Install::OnlySay {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let by_hand = format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {}", names.join(" "));
    if !debian {
        let names = names.join(", ");
        return Err(Error::failed(format!("install what Debian calls {names}, or go on without: --no-install")));
    }
    if answers(Command::new("id").arg("-u")).as_deref() != Some("0") {
        return Err(Error::failed(format!("only root may install them; run: {by_hand}")));
    }
    output::line(format!("installing: {}", names.join(" ")));
    let apt = || Cmd::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive");
    let installed = apt().words("update").run(folder);
    let installed = installed.and_then(|()| apt().words("install -y --no-install-recommends").args(names).run(folder));
    installed.map_err(|error| Error::failed(format!("{error}; install them by hand, or go on without: --no-install")))
}

fn present(package: &SystemPackage, debian: bool) -> bool {
    if package.program.is_some_and(on_path) {
        return true;
    }
    if debian {
        let status = answers(Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package.name]));
        return status.as_deref() == Some("installed");
    }
    // Elsewhere only programs can be looked for; a missing header is for the compiler to name.
    package.program.is_none()
}

/// Whether the program is installed, by whomever.
pub(crate) fn on_path(program: &str) -> bool {
    constance_testserver::find(program).is_some()
}

/// What a program answers, if it succeeds.
pub(crate) fn answers(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: SystemPackage = SystemPackage { name: "no-such-package", program: None, reason: "a test" };

    #[test]
    fn a_program_stands_for_its_package() {
        let cargo = SystemPackage { program: Some("cargo"), ..NOWHERE };
        assert!(present(&cargo, true));
        assert!(present(&cargo, false));
    }

    #[test]
    fn a_missing_package_is_seen_where_it_can_be() {
        assert!(!present(&NOWHERE, true));
        assert!(present(&NOWHERE, false));
        assert!(!present(&SystemPackage { program: Some("no-such-program"), ..NOWHERE }, false));
    }

    #[test]
    fn saying_is_not_installing() {
        assert!(ensure(&[NOWHERE], Install::OnlySay, Path::new(".")).is_ok());
    }
}
