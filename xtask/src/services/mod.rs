//! `cargo xtask services`: real servers for tests and for trying things out, on free ports and in a temporary folder.
//!
//! [`kind`] says what there is, [`redis`] sets it up, [`running`] starts and stops it. What they stand on: [`process`]
//! runs a server that cannot outlive us, [`folder`] is removed with us, [`ports`] finds free ports, [`resp`] asks a
//! server, [`wait`] asks until it is ready.

mod folder;
mod kind;
mod ports;
mod process;
pub(crate) mod programs;
mod redis;
mod resp;
mod running;
mod wait;

pub(crate) use self::kind::Kind;
pub(crate) use self::running::Running;

use std::io::Read as _;

use crate::args::{Accepts, Given};
use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::output;

const HELP: &str = "\
Usage: cargo xtask services up redis [--kind KIND]…
       cargo xtask services run KIND… -- COMMAND…

`up` starts servers on free ports, prints the variables that tell tests where they are, and stops them on Ctrl-C,
on SIGTERM, or when its input ends. `run` starts them, runs the command with these variables set, stops them, and
ends as the command ended. Nothing is left behind, whatever kills it.

Kinds; `redis` alone is the plain one, `all` is each of them:";

const ACCEPTS: Accepts = Accepts { flags: &[], options: &["--kind"], names: true, passed_on: true };

/// Runs the command.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let given = ACCEPTS.read(args)?;
    if given.help {
        output::line(help());
        return Ok(());
    }
    let Some((what, kinds)) = given.names.split_first() else {
        return Err(Error::usage(format!("up or run?\n\n{}", help())));
    };
    let kinds = Kind::choose(kinds.iter().map(String::as_str).chain(given.options("--kind")))?;
    if kinds.is_empty() {
        return Err(Error::usage(format!("which service?\n\n{}", help())));
    }
    match (what.as_str(), given.passed_on.is_empty()) {
        ("up", true) => up(&kinds),
        ("up", false) => Err(Error::usage("`services up` runs no command; `services run` does")),
        ("run", false) => run_with(&kinds, &given),
        ("run", true) => Err(Error::usage("`services run` needs a command after `--`")),
        (other, _) => Err(Error::usage(format!("there is no `services {other}`; there are up and run"))),
    }
}

fn up(kinds: &[Kind]) -> Result<()> {
    let running = Running::start(kinds)?;
    output::line(running.describe());
    output::line("They stop on Ctrl-C, and when the input of this command ends.");
    // A signal ends us here; the servers and the folder follow by themselves.
    let mut ignored = [0; 1024];
    let mut input = std::io::stdin().lock();
    while input.read(&mut ignored).is_ok_and(|read| read > 0) {}
    drop(running);
    output::line("stopped");
    Ok(())
}

fn run_with(kinds: &[Kind], given: &Given) -> Result<()> {
    let here = std::env::current_dir().map_err(|error| Error::failed(format!("cannot tell the folder: {error}")))?;
    let Some((program, args)) = given.passed_on.split_first() else { return Ok(()) };
    let running = Running::start(kinds)?;
    let command = Cmd::new(program).args(args.iter().map(String::as_str));
    let command = running.variables().fold(command, |command, (name, value)| command.env(name, value.as_str()));
    command.run_through(&here)
}

fn help() -> String {
    let kinds = Kind::ALL.iter().map(|kind| format!("  {:8}   {}", kind.name(), kind.about()));
    format!("{HELP}\n{}", kinds.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(line: &str) -> String {
        run(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).unwrap_err().to_string()
    }

    #[test]
    fn a_command_line_that_is_not_understood_is_answered() {
        assert!(complaint("").starts_with("up or run?"));
        assert!(complaint("up").starts_with("which service?"));
        assert!(complaint("up redis --kind nonsense").starts_with("there is no service `nonsense`"));
        assert!(complaint("up redis -- true").contains("`services run` does"));
        assert!(complaint("run redis").contains("needs a command"));
        assert!(complaint("down redis").starts_with("there is no `services down`"));
    }

    #[test]
    fn the_help_names_every_kind() {
        let help = help();
        assert!(Kind::ALL.iter().all(|kind| help.contains(&format!("\n  {:8}   ", kind.name()))), "{help}");
    }
}
