//! `cargo xtask fuzz`: what comes from outside (stored bytes, texts, URLs, cells of a cache, pickles), changed at random.
//!
//! The targets are a package of their own, on libFuzzer. It is built as cargo-fuzz builds it, but for the sanitizers: they
//! look for what unsafe code does wrong, this workspace has none, and they need an unstable compiler.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::args::Accepts;
use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::output;
use crate::steps::{self, Step};
use crate::system::{self, Install, SystemPackage};
use crate::toolchain;
use crate::workspace::Workspace;

const HELP: &str = "\
Usage: cargo xtask fuzz [target…] [options]

Runs the fuzz targets named, or all of them, one after the other. They begin with the files in `fuzz/seeds`, and
with what earlier runs found in the target folder. An input that breaks a target is written to `fuzz/artifacts`, and
the command that repeats it is printed: make it a test.

Options:
  --seconds N    how long each target runs (60)
  --keep-going   run the other targets after one failed
  --no-install   only list missing system packages";

const ACCEPTS: Accepts =
    Accepts { flags: &["--keep-going", "--no-install"], options: &["--seconds"], names: true, passed_on: false };

const TARGETS: [&str; 6] = ["msgpack", "json", "text", "pickles", "cells", "urls"];

/// libFuzzer is C++.
pub(crate) const COMPILER: SystemPackage =
    SystemPackage { name: "g++", program: Some("c++"), reason: "libFuzzer is compiled from C++" };

/// What the compiler adds so that libFuzzer sees which branches were taken and what was compared. Only for the system that
/// is built for: with `--target` they do not reach build scripts.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Runs the command.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let given = ACCEPTS.read(args)?;
    if given.help {
        output::line(format!("{HELP}\n\nTargets:\n  {}", TARGETS.join("\n  ")));
        return Ok(());
    }
    if let Some(name) = given.names.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        return Err(Error::usage(format!("there is no fuzz target `{name}`; there are {}", TARGETS.join(", "))));
    }
    let seconds = match given.option("--seconds").unwrap_or("60").parse() {
        Ok(seconds @ 1..) => Duration::from_secs(seconds),
        _ => return Err(Error::usage("--seconds is a whole number of 1 or more")),
    };
    let workspace = Workspace::load()?;
    let chosen = TARGETS.into_iter().filter(|name| given.names.is_empty() || given.names.iter().any(|n| n == name));
    let targets: Vec<&str> = chosen.collect();
    system::ensure(&[&[COMPILER], toolchain::BUILD].concat(), Install::choose(&given), &workspace.root)?;
    run_some(&workspace, &targets, seconds, given.flag("--keep-going"))
}

/// Runs every target for so long. The system packages are there already.
pub(crate) fn run_all(workspace: &Workspace, seconds: Duration) -> Result<()> {
    run_some(workspace, &TARGETS, seconds, true)
}

fn run_some(workspace: &Workspace, targets: &[&str], seconds: Duration, keep_going: bool) -> Result<()> {
    let places = Places::of(workspace)?;
    build(&places, targets).run(&workspace.root)?;
    let steps = targets.iter().map(|target| {
        let (root, places) = (&workspace.root, &places);
        let advice = "mend what the input breaks, and make it a test of the crate that it breaks";
        Step::new((*target).to_owned(), advice, move || {
            places.make(target)?;
            places.watch(target, || fuzz(places, target, seconds).run(root))
        })
    });
    steps::run(steps.collect(), keep_going)
}

/// Runs clippy over the targets: they take in files of the crates, so that a change there can break them.
pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    let manifest = text(&workspace.root.join("fuzz").join("Cargo.toml"));
    // Nothing is linked, so libFuzzer and its C++ compiler are not needed.
    let lint = Cmd::cargo().words("clippy --bins --no-default-features --features urls --locked --manifest-path");
    let lint = lint.args([manifest]).words("--target-dir").args([text(&workspace.target)]).words("-- -D warnings");
    lint.run(&workspace.root)
}

/// Where things are.
struct Places {
    package: PathBuf,
    built: PathBuf,
    host: String,
}

impl Places {
    fn of(workspace: &Workspace) -> Result<Self> {
        let version = Cmd::new("rustc").words("-vV").output(&workspace.root)?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.ok_or_else(|| Error::failed("`rustc -vV` names no host"))?.to_owned();
        Ok(Self { package: workspace.root.join("fuzz"), built: workspace.target.join("fuzz"), host })
    }

    fn corpus(&self, target: &str) -> PathBuf {
        self.built.join("corpus").join(target)
    }

    fn artifacts(&self, target: &str) -> PathBuf {
        self.package.join("artifacts").join(target)
    }

    /// libFuzzer makes no folders.
    fn make(&self, target: &str) -> Result<()> {
        for folder in [self.corpus(target), self.artifacts(target)] {
            std::fs::create_dir_all(&folder)
                .map_err(|error| Error::failed(format!("cannot make {}: {error}", folder.display())))?;
        }
        Ok(())
    }

    fn program(&self, target: &str) -> String {
        text(&self.built.join(&self.host).join("release").join(target))
    }

    /// The inputs that broke the target, and when each was written: the same input has the same name each time.
    fn broken(&self, target: &str) -> BTreeMap<PathBuf, Option<SystemTime>> {
        let files = std::fs::read_dir(self.artifacts(target)).into_iter().flatten().flatten();
        files.map(|file| (file.path(), file.metadata().and_then(|known| known.modified()).ok())).collect()
    }

    /// Runs the target; the error names the input that broke it, and the command that repeats it.
    fn watch(&self, target: &str, run: impl FnOnce() -> Result<()>) -> Result<()> {
        let before = self.broken(target);
        run().map_err(|error| {
            let new = self.broken(target).into_iter().filter(|(path, written)| before.get(path) != Some(written));
            let repeated = new.map(|(path, _)| {
                let repeat = Cmd::new(&self.program(target)).args([text(&path)]).shell_line();
                format!("\nThe input: {}\nRepeat it: {repeat}", path.display())
            });
            Error::failed(format!("{error}{}", repeated.collect::<String>()))
        })
    }
}

fn build(places: &Places, targets: &[&str]) -> Cmd {
    let bins = targets.iter().flat_map(|target| ["--bin", *target]);
    // It alone needs every driver.
    let features: &[&str] = if targets.contains(&"urls") { &["--features", "urls"] } else { &[] };
    Cmd::cargo()
        .env("RUSTFLAGS", FLAGS)
        .words("build --release --locked --manifest-path")
        .args([text(&places.package.join("Cargo.toml"))])
        .words("--target-dir")
        .args([text(&places.built)])
        .words("--target")
        .args([places.host.as_str()])
        .args(bins)
        .args(features.iter().copied())
}

fn fuzz(places: &Places, target: &str, seconds: Duration) -> Cmd {
    Cmd::new(&places.program(target))
        .args([format!("-max_total_time={}", seconds.as_secs())])
        // An input takes a fraction of a millisecond; ten seconds are a hang. A line for each new branch is thousands.
        .words("-timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 -verbosity=0 -print_funcs=0")
        .args([format!("-artifact_prefix={}/", text(&places.artifacts(target)))])
        .args([text(&places.corpus(target)), text(&places.package.join("seeds").join(target))])
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places { package: "/w/fuzz".into(), built: "/w/target/fuzz".into(), host: "x86".to_owned() }
    }

    #[test]
    fn the_targets_are_built_apart_from_everything_else() {
        let line = build(&places(), &["json", "text"]).shell_line();
        assert!(line.ends_with(
            "cargo build --release --locked --manifest-path /w/fuzz/Cargo.toml --target-dir /w/target/fuzz \
             --target x86 --bin json --bin text"
        ));
    }

    #[test]
    fn a_target_writes_what_it_found_where_it_is_looked_for() {
        let line = fuzz(&places(), "json", Duration::from_secs(30)).shell_line();
        assert!(line.starts_with("/w/target/fuzz/x86/release/json -max_total_time=30 "), "{line}");
        assert!(
            line.ends_with("-artifact_prefix=/w/fuzz/artifacts/json/ /w/target/fuzz/corpus/json /w/fuzz/seeds/json")
        );
    }

    #[test]
    fn what_broke_a_target_is_named_and_can_be_repeated() {
        let folder = std::env::temp_dir().join(format!("constance-fuzz-{}", std::process::id()));
        let places = Places { package: folder.clone(), ..places() };
        let artifacts = places.artifacts("json");
        std::fs::create_dir_all(&artifacts).unwrap();
        std::fs::write(artifacts.join("crash-1"), "of an earlier run").unwrap();
        let ended = || Err(Error::failed("ended with 77"));
        assert_eq!(places.watch("json", ended).unwrap_err().to_string(), "ended with 77");
        let broken = || {
            std::fs::write(artifacts.join("crash-2"), "of this one").unwrap();
            ended()
        };
        let message = places.watch("json", broken).unwrap_err().to_string();
        let repeat = format!("/w/target/fuzz/x86/release/json {}", artifacts.join("crash-2").display());
        assert!(message.ends_with(&format!("\nRepeat it: {repeat}")), "{message}");
        assert!(message.contains("The input: ") && !message.contains("crash-1"), "{message}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_target_has_a_program_and_seeds() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        for target in TARGETS {
            assert!(package.join("targets").join(format!("{target}.rs")).is_file(), "{target}");
            assert!(package.join("seeds").join(target).read_dir().unwrap().next().is_some(), "{target}");
        }
        assert_eq!(package.join("targets").read_dir().unwrap().count(), TARGETS.len());
    }

    #[test]
    fn a_command_line_that_is_not_understood_is_refused() {
        assert!(run(&["nothing".to_owned()]).unwrap_err().to_string().contains("there are msgpack"));
        assert!(run(&["--seconds".to_owned(), "0".to_owned()]).is_err());
    }
}
