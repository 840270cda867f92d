//! What the suite `interop` needs beside servers: Pythons with the real django-constance, from the package index.

use std::path::{Path, PathBuf};

use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::output;
use crate::system::SystemPackage;

/// The suite's name, and that of its test files.
pub(super) const NAME: &str = "interop";

/// What makes the environments.
pub(super) const PYTHON: SystemPackage = SystemPackage {
    name: "python3-venv",
    program: Some("python3"),
    reason: "a Python for django-constance, whose stores are shared",
};

/// The environments by the variable that names their interpreter, with what is installed into each.
const ENVIRONMENTS: [(&str, &[&str]); 2] = [
    // The stored form that is written.
    ("CONSTANCE_PYTHON", &["django-constance[redis]>=4,<5", "Django<6", "psycopg[binary]>=3,<4", "PyMySQL>=1,<2"]),
    // The last one that wrote pickles.
    ("CONSTANCE_PYTHON_3", &["django-constance[redis]>=3,<4", "Django<6", "psycopg[binary]>=3,<4", "PyMySQL>=1,<2"]),
];

/// For how many seconds both sides write at once.
const SECONDS: (&str, &str) = ("CONSTANCE_INTEROP_SECONDS", "30");

/// The tests with the environments that no variable names yet, made where they are missing.
pub(super) fn prepare(tests: Cmd, root: &Path) -> Result<Cmd> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let mut tests = if is_set(SECONDS.0) { tests } else { tests.env(SECONDS.0, SECONDS.1) };
    for (variable, packages) in ENVIRONMENTS.into_iter().filter(|(variable, _)| !is_set(variable)) {
        let python = environment(variable, packages, root)?;
        tests = tests.env(variable, python.display().to_string());
    }
    Ok(tests)
}

/// An environment in the folder of build results: made once, and again when something else is to be installed.
fn environment(variable: &str, packages: &[&str], root: &Path) -> Result<PathBuf> {
    let folder = root.join("target").join(NAME).join(variable.to_lowercase());
    let (python, note) = (folder.join("bin").join("python"), folder.join("installed"));
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&note).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    output::line(format!("making a Python environment with {}", packages.join(", ")));
    let path = |path: &Path| path.display().to_string();
    let made = Cmd::new("python3").words("-m venv --clear").args([path(&folder)]).run(root);
    made.map_err(|error| Error::failed(format!("{error}; Debian's package for it is {}", PYTHON.name)))?;
    let pip = Cmd::new(&path(&python)).words("-m pip install --quiet --disable-pip-version-check");
    let installed = pip.args(packages.iter().copied()).run(root);
    installed.map_err(|error| {
        Error::failed(format!("{error}; {variable} may name a Python that has {} already", packages.join(", ")))
    })?;
    // Last, so that an environment that is half made is made again.
    std::fs::write(&note, wanted).map_err(|error| Error::failed(format!("cannot write {}: {error}", path(&note))))?;
    Ok(python)
}
