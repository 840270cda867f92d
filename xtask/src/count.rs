//! `cargo xtask count`: how many instructions reads and encoding take, against the counts in the tree.
//!
//! Valgrind counts, so that neither the machine's load nor its speed moves a figure: a path that has grown shows where a
//! benchmark would call it noise. The compiler moves them, so that counts belong to one.

mod counts;
mod runner;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::args::Accepts;
use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::output;
use crate::system::{self, Install, SystemPackage};
use crate::workspace::Workspace;

use self::counts::Counts;

const HELP: &str = "\
Usage: cargo xtask count [options]

Counts the instructions of reads and of encoding with valgrind, and compares them with the counts in
`constance-bench/instructions/counts.txt`. It fails where one has grown by more than 3 %. What is missing on Debian is
installed when root runs this; the program that runs the benchmarks is installed in the target folder.

Options:
  --accept       write the counts of this run into the file; say why in the commit
  --no-install   only say which system packages are missing";

const ACCEPTS: Accepts = Accepts { flags: &["--accept", "--no-install"], options: &[], names: false, passed_on: false };

/// What counts.
pub(crate) const VALGRIND: SystemPackage =
    SystemPackage { name: "valgrind", program: Some("valgrind"), reason: "counts instructions" };

/// Where the benchmarks are.
pub(crate) const PACKAGE: &str = "constance-instructions";

/// Runs the command.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let given = ACCEPTS.read(args)?;
    if given.help {
        output::line(HELP);
        return Ok(());
    }
    let workspace = Workspace::load()?;
    system::ensure(&[VALGRIND], Install::choose(&given), &workspace.root)?;
    if !given.flag("--accept") {
        return compare(&workspace);
    }
    let counts = Counts { compiler: compiler(&workspace)?, rows: count(&workspace)? };
    let path = file(&workspace);
    fs::write(&path, counts.to_string())
        .map_err(|error| Error::failed(format!("cannot write {}: {error}", path.display())))?;
    output::line(format!("{} counts are in {}", counts.rows.len(), path.display()));
    Ok(())
}

/// Counts, prints the table and fails where a count has grown.
pub(crate) fn compare(workspace: &Workspace) -> Result<()> {
    if !system::on_path("valgrind") {
        return Err(Error::skipped("`valgrind` is not installed"));
    }
    let path = file(workspace);
    let text =
        fs::read_to_string(&path).map_err(|error| Error::failed(format!("cannot read {}: {error}", path.display())))?;
    let wanted = Counts::parse(&text)?;
    let compiler = compiler(workspace)?;
    if compiler != wanted.compiler {
        return Err(Error::skipped(format!(
            "the counts in the tree are those of {}, and this is {compiler}; `cargo xtask count --accept` counts anew",
            wanted.compiler
        )));
    }
    let found = count(workspace)?;
    output::line(wanted.table(&found));
    wanted.compare(&found)
}

fn file(workspace: &Workspace) -> PathBuf {
    workspace.root.join("constance-bench/instructions/counts.txt")
}

/// The release of the compiler and the system that it compiles for.
fn compiler(workspace: &Workspace) -> Result<String> {
    let version = Cmd::new("rustc").words("-vV").output(&workspace.root)?;
    let of = |name: &str| version.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match (version.lines().next(), of("host:")) {
        (Some(release), Some(host)) => Ok(format!("{release} for {host}")),
        _ => Err(Error::failed("`rustc -vV` names no host")),
    }
}

/// Runs the benchmarks under valgrind.
fn count(workspace: &Workspace) -> Result<BTreeMap<String, u64>> {
    let runner = runner::install(workspace)?;
    let bench = Cmd::cargo()
        .env("GUNGRAUN_RUNNER", runner.to_string_lossy())
        .words("bench --locked -p")
        .args([PACKAGE])
        .words("--bench instructions -- --output-format=json --nosummary=yes --parallel=auto");
    bench.print();
    counts::of_summaries(&bench.output(&workspace.root)?)
}
