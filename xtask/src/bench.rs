//! `cargo xtask bench`: the benchmarks, in release, with their tables as they print them.

use crate::args::Accepts;
use crate::command::Cmd;
use crate::count;
use crate::error::{Error, Result};
use crate::output;
use crate::services::{Durability, Kind, Running};
use crate::steps::{self, Step};
use crate::workspace::{Target, Workspace};

const HELP: &str = "\
Usage: cargo xtask bench [name…] [options] [-- arguments of the benchmarks]

Runs the benchmarks named, or all of them, one after the other. Figures mean something on a machine that does
nothing else. Servers that a benchmark compares are started for it, where they are installed, and flush what they are
told to the disk as in production; one that a variable such as CONSTANCE_POSTGRES_URL names is used instead.

Options:
  --keep-going   run the other benchmarks after one failed";

const ACCEPTS: Accepts = Accepts { flags: &["--keep-going"], options: &[], names: true, passed_on: true };

/// Servers by the benchmark that finds them in the environment.
const SERVICES: &[(&str, &[Kind])] = &[
    ("redis", &[Kind::Plain]),
    ("postgres", &[Kind::Postgres]),
    ("mysql", &[Kind::Mariadb]),
    ("propagation", &[Kind::Plain, Kind::Postgres, Kind::Mariadb]),
    ("idle", &[Kind::Plain, Kind::Postgres, Kind::Mariadb]),
    ("catch-up", &[Kind::Plain, Kind::Postgres, Kind::Mariadb]),
    ("shared", &[Kind::Plain, Kind::Memcached]),
    ("steps-back", &[Kind::Postgres]),
];

/// Runs the command.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let given = ACCEPTS.read(args)?;
    let workspace = Workspace::load()?;
    let all: Vec<(&str, &Target)> = workspace
        .packages
        .iter()
        // Those are counted and not timed: `cargo xtask count`.
        .filter(|package| package.name != count::PACKAGE)
        .flat_map(|package| package.targets("bench").map(|target| (package.name.as_str(), target)))
        .collect();
    if given.help {
        output::line(format!("{HELP}\n\nBenchmarks:\n{}", list(&all)));
        return Ok(());
    }
    if let Some(name) = given.names.iter().find(|name| all.iter().all(|(_, target)| target.name != **name)) {
        return Err(Error::usage(format!("there is no benchmark `{name}`\n\nBenchmarks:\n{}", list(&all))));
    }
    let chosen = all.into_iter().filter(|(_, target)| given.names.is_empty() || given.names.contains(&target.name));
    let (root, passed_on) = (&workspace.root, &given.passed_on);
    let steps = chosen.map(|(package, target)| {
        let advice =
            "repeat the command above; servers to go with it: `cargo xtask services run NAME… --durable -- COMMAND…`";
        Step::new(target.name.clone(), advice, move || {
            let services = services(&target.name)?;
            let variables = services.iter().flat_map(Running::variables);
            let bench = command(package, target, passed_on);
            variables.fold(bench, |bench, (name, value)| bench.env(name, value.as_str())).run(root)
        })
    });
    steps::run(steps.collect(), given.flag("--keep-going"))
}

/// The servers of a benchmark that the environment does not name.
fn services(bench: &str) -> Result<Option<Running>> {
    let wanted: Vec<Kind> =
        SERVICES.iter().filter(|(name, _)| *name == bench).flat_map(|(_, kinds)| *kinds).copied().collect();
    let (there, left_out): (Vec<Kind>, Vec<Kind>) =
        Kind::not_named(&wanted).into_iter().partition(|kind| kind.is_installed());
    for kind in left_out {
        output::line(format!("left out: {} is not installed", kind.title()));
    }
    if there.is_empty() { Ok(None) } else { Running::start(&there, Durability::Production).map(Some) }
}

/// One package with the features that the benchmark asks for and no others: a feature such as tracing has its price.
fn command(package: &str, target: &Target, passed_on: &[String]) -> Cmd {
    let mut bench =
        Cmd::cargo().words("bench --locked -p").args([package]).words("--bench").args([target.name.as_str()]);
    if !target.required_features.is_empty() {
        bench = bench.words("--features").args([target.required_features.join(",")]);
    }
    if !passed_on.is_empty() {
        bench = bench.words("--").args(passed_on.iter().map(String::as_str));
    }
    bench
}

fn list(all: &[(&str, &Target)]) -> String {
    if all.is_empty() {
        return "  none yet".to_owned();
    }
    all.iter().map(|(package, target)| format!("  {}   of {package}", target.name)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_has_the_features_it_asks_for_and_no_others() {
        let mut target = Target { name: "reads".into(), kind: "bench".into(), ..Target::default() };
        assert_eq!(command("a", &target, &[]).shell_line(), "cargo bench --locked -p a --bench reads");
        target.required_features = vec!["sqlite".into(), "bundled".into()];
        let line = command("a", &target, &["get".to_owned()]).shell_line();
        assert_eq!(line, "cargo bench --locked -p a --bench reads --features sqlite,bundled -- get");
    }
}
