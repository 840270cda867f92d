//! The tasks of this workspace, reached as `cargo xtask <command>`.
//!
//! - `demo`: runs the example shop on an SQLite file and prints what to try next
//! - `check`: format, lints, docs, features one by one, who depends on whom, packaging
//! - `test`: the tests, by suite, with the system packages that they need
//! - `bench`: the benchmarks
//! - `count`: the instructions of reads and of encoding, against the counts in the tree
//! - `fuzz`: bytes and texts from outside, changed at random
//! - `services`: real servers, for tests and for trying things out
//!
//! What they share: [`args`] reads the command line, [`workspace`] asks cargo what there is, [`command`] prints and
//! runs a program, [`steps`] runs named steps and sums up, [`system`] looks after system packages, [`toolchain`] is what
//! building needs of them, [`redact`] hides passwords, [`output`] prints.

mod args;
mod bench;
mod check;
mod command;
mod count;
mod demo;
mod error;
mod fuzz;
mod output;
mod redact;
#[cfg_attr(not(unix), path = "services/unsupported.rs")]
mod services;
mod steps;
mod system;
mod test;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use crate::error::Error;

const HELP: &str = "\
Usage: cargo xtask <command> [options]

Commands:
  demo       run the example shop on an SQLite file and print what to try next
  check      format, lints, docs, features one by one, who depends on whom, packaging
  test       run the tests, by suite, and install the system packages that they need
  bench      run the benchmarks and print their tables
  count      count the instructions of reads and encoding, and compare them with those in the tree
  fuzz       change bytes and texts from outside at random, and see what they break
  services   start real servers, for tests and for trying things out

`cargo xtask <command> --help` says more.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.split_first() {
        None => Err(Error::usage(format!("which command?\n\n{HELP}"))),
        Some((name, rest)) => match name.as_str() {
            "demo" => demo::run(rest),
            "check" => check::run(rest),
            "test" => test::run(rest),
            "bench" => bench::run(rest),
            "count" => count::run(rest),
            "fuzz" => fuzz::run(rest),
            "services" => services::run(rest),
            "help" | "--help" | "-h" => {
                output::line(HELP);
                Ok(())
            }
            other => Err(Error::usage(format!("there is no command `{other}`\n\n{HELP}"))),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complaint(&error);
            error.exit_code()
        }
    }
}
