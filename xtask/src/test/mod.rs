//! `cargo xtask test`: the tests by suite, with the system packages that they need.

mod backends;
mod bare;
mod interop;
mod long;
mod needs;
mod suites;

use crate::args::{Accepts, Given};
use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::output;
use crate::services::{Durability, Kind, Running};
use crate::steps::{self, Step};
use crate::system::{self, Install};
use crate::workspace::Workspace;

pub(crate) use self::backends::FOLDERS as BACKENDS;
use self::suites::Suite;

const HELP: &str = "\
Usage: cargo xtask test [suite…] [options] [-- arguments of the test programs]
       cargo xtask test long [options]

Runs the suites named, or all but the long ones; `long` stands for all of those. The suite of a crate or database holds all its test files, `conformance` those
of every crate that run the conformance suite; whatever is named, each test runs once. A test that needs a service
which is not there fails, where plain `cargo test` skips it. What is missing on Debian is installed when root runs
this. Servers are started for the suites that need them and stopped at their end; one that a variable such as
CONSTANCE_POSTGRES_URL names is used instead.

Four tests for each processor run at the same time; RUST_TEST_THREADS may say otherwise.

Options:
  --keep-going   run the other suites, and the other tests of a suite, after a failure
  --no-install   only say which system packages are missing

For example: cargo xtask test core -- --nocapture empty_value";

/// How long a case of the conformance suite may take.
const SECONDS: &str = "CONSTANCE_SUITE_SECONDS";

/// What the programs of tests read.
const THREADS: &str = "RUST_TEST_THREADS";

const ACCEPTS: Accepts =
    Accepts { flags: &["--keep-going", "--no-install"], options: &[], names: true, passed_on: true };

/// Runs the command.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let given = ACCEPTS.read(args)?;
    let workspace = Workspace::load()?;
    let suites = suites::discover(&workspace);
    if given.help {
        output::line(format!("{HELP}\n\n{}", all(&suites)));
        return Ok(());
    }
    let (long, names) = long::choose(&given.names);
    if !long.is_empty() && !given.passed_on.is_empty() {
        return Err(Error::usage("a long suite passes nothing on to test programs; leave out what follows `--`"));
    }
    let chosen = if names.is_empty() && !long.is_empty() { Vec::new() } else { suites::choose(suites, &names)? };
    let homes = chosen.iter().flat_map(Suite::homes).chain(long.iter().flat_map(|suite| suite.needs().iter().copied()));
    system::ensure(&needs::packages(homes), Install::choose(&given), &workspace.root)?;
    let mut steps: Vec<Step<'_>> = chosen.into_iter().map(|suite| step(suite, &workspace, &given)).collect();
    steps.extend(long.into_iter().map(|suite| suite.step(&workspace)));
    steps::run(steps, given.flag("--keep-going"))
}

fn step<'a>(suite: Suite, workspace: &'a Workspace, given: &'a Given) -> Step<'a> {
    let name = suite.name.clone();
    let advice = format!(
        "the failing test is named above; repeat it with `cargo xtask test {name} -- --nocapture NAME_OF_THE_TEST`"
    );
    Step::new(name, advice, move || {
        let tests = suite.command(given.flag("--keep-going"), &given.passed_on);
        let tests = if std::env::var_os(THREADS).is_none() { tests.env(THREADS, threads()) } else { tests };
        let tests = if suite.name == interop::NAME { interop::prepare(tests, &workspace.root)? } else { tests };
        run_with_services(tests, suite.homes(), workspace)
    })
}

/// Runs the tests of a suite with servers of its own: what one suite leaves behind cannot trouble the next.
fn run_with_services<'a>(tests: Cmd, homes: impl Iterator<Item = &'a str>, workspace: &Workspace) -> Result<()> {
    // A service that is not there is a failure here: a suite that skips says nothing about the code.
    let tests = tests.env("CONSTANCE_REQUIRE_SERVICES", "1");
    let services = services(homes)?;
    let variables = services.iter().flat_map(Running::variables);
    variables.fold(tests, |tests, (name, value)| tests.env(name, value.as_str())).run(&workspace.root)
}

/// How many tests of a program run at the same time. Most of them wait, for servers and for what has to time out, so that
/// there is room for more than there are processors.
fn threads() -> String {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    (4 * processors).to_string()
}

/// The servers that suites need and the environment does not name.
fn services<'a>(homes: impl Iterator<Item = &'a str>) -> Result<Option<Running>> {
    let missing = Kind::not_named(&needs::services(homes));
    let (missing, unavailable): (Vec<Kind>, Vec<Kind>) = missing.into_iter().partition(|kind| kind.can_be_had());
    for kind in unavailable {
        let (title, variable) = (kind.title(), kind.variable());
        output::line(format!("left out: {title} is not installed, and not in Debian; {variable} may name one"));
    }
    if missing.is_empty() {
        return Ok(None);
    }
    let names: Vec<String> = missing.iter().map(|kind| kind.title()).collect();
    output::line(format!("starting: {}", names.join(", ")));
    let running = Running::start(&missing, Durability::Throwaway)?;
    running.remarks().for_each(output::line);
    Ok(Some(running))
}

/// `cargo test` over the whole workspace, so that all suites share one build: a suite for one crate with that crate's
/// features alone would build the dependencies again.
fn cargo_test() -> Cmd {
    let test = Cmd::cargo().words("test --locked --workspace --all-features");
    // Four tests for each processor take their time.
    if std::env::var_os(SECONDS).is_some() { test } else { test.env(SECONDS, "120") }
}

fn unknown(name: &str, suites: &[Suite]) -> Error {
    Error::usage(format!("there is no suite `{name}`\n\n{}", all(suites)))
}

/// The suites of both kinds, each with what it tests.
fn all(suites: &[Suite]) -> String {
    format!("Suites:\n{}\n\nLong suites:\n{}", suites::list(suites), long::list())
}
