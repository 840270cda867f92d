//! `cargo xtask check`: everything that can be said about the code without running it.

mod dependencies;
mod features;
mod manifests;
mod package;

use crate::args::Accepts;
use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::fuzz;
use crate::output;
use crate::steps::{self, Step};
use crate::system::{self, Install};
use crate::toolchain::BUILD;
use crate::workspace::Workspace;

const HELP: &str = "\
Usage: cargo xtask check [step…] [options]

Checks the code without running it. What building needs and Debian has is installed when root runs this. Steps, all of
them unless some are named:
  format         `cargo fmt` would change nothing
  lints          clippy, warnings are errors; of the fuzz targets, too
  docs           the docs build; warnings and missing docs are errors
  features       every library crate and the shop with no feature, with each feature alone, and with all of them
  dependencies   crates depend on each other in one direction; a build with one backend links no other's driver,
                 and the demo's no library of the system
  manifests      descriptions, lints and the minimum Rust version are declared; project files exist; the fuzz targets'
                 lock file is up to date
  package        the crates can be packaged and build from the package

Options:
  --keep-going   run the other steps, and the other builds of a step, after one failed
  --no-install   only say which system packages are missing";

const ACCEPTS: Accepts =
    Accepts { flags: &["--keep-going", "--no-install"], options: &[], names: true, passed_on: false };

/// The steps that build nothing, not even a build script.
const BUILD_NOTHING: [&str; 3] = ["format", "dependencies", "manifests"];

/// Runs the command.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let given = ACCEPTS.read(args)?;
    if given.help {
        output::line(HELP);
        return Ok(());
    }
    let workspace = Workspace::load()?;
    let keep_going = given.flag("--keep-going");
    let mut steps = steps(&workspace, keep_going);
    if let Some(unknown) = given.names.iter().find(|name| steps.iter().all(|step| step.name() != name.as_str())) {
        let known: Vec<&str> = steps.iter().map(Step::name).collect();
        return Err(Error::usage(format!("there is no step `{unknown}`; there are: {}", known.join(", "))));
    }
    if !given.names.is_empty() {
        steps.retain(|step| given.names.iter().any(|name| name == step.name()));
    }
    if steps.iter().any(|step| !BUILD_NOTHING.contains(&step.name())) {
        system::ensure(BUILD, Install::choose(&given), &workspace.root)?;
    }
    steps::run(steps, keep_going)
}

fn steps(workspace: &Workspace, keep_going: bool) -> Vec<Step<'_>> {
    let root = &workspace.root;
    let cargo = move |line: &'static str| move || Cmd::cargo().words(line).run(root);
    vec![
        Step::new(
            "format",
            "run `cargo fmt --all`; if it is not installed: `rustup component add rustfmt`",
            cargo("fmt --all --check"),
        ),
        Step::new(
            "lints",
            "fix what clippy names above; if it is not installed: `rustup component add clippy`",
            move || {
                cargo("clippy --workspace --all-targets --all-features --locked -- -D warnings")()?;
                fuzz::lint(workspace)
            },
        ),
        Step::new(
            "docs",
            "fix the docs named above: every public item has some, and every link leads somewhere",
            || {
                let doc = Cmd::cargo().words("doc --workspace --no-deps --all-features --locked");
                doc.env("RUSTDOCFLAGS", "-D warnings").run(root)
            },
        ),
        Step::new(
            "features",
            "repeat the command above that failed; often an item needs the same `#[cfg(feature = …)]` as what it uses",
            move || features::check(workspace, keep_going),
        ),
        Step::new(
            "dependencies",
            "take the dependency out, or put it behind a feature of the crate that owns it",
            || dependencies::check(workspace),
        ),
        Step::new("manifests", "add what is named above", || manifests::check(workspace)),
        Step::new(
            "package",
            "repeat the last command above; a file that a crate needs must be inside its own folder",
            || package::check(workspace),
        ),
    ]
}
