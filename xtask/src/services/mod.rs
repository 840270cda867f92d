//! `cargo xtask services`: real servers for tests and for trying things out, on free ports and in a temporary folder.
//!
//! [`kind`] says what there is, [`redis`], [`postgres`], [`mysql`] and [`memcached`] set it up, [`running`] starts and
//! stops it. The servers themselves, which cannot outlive us, are those of `constance-testserver`.

mod durability;
mod kind;
mod locale;
mod memcached;
mod mysql;
mod postgres;
pub(crate) mod programs;
mod redis;
mod running;
mod set;

pub(crate) use self::durability::Durability;
pub(crate) use self::kind::Kind;
pub(crate) use self::running::Running;

use std::io::Read as _;

use crate::args::{Accepts, Given};
use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::output;

const HELP: &str = "\
Usage: cargo xtask services up NAME… [--kind KIND]… [--durable]
       cargo xtask services run NAME… [--kind KIND]… [--durable] -- COMMAND…

`up` starts servers on free ports, prints the variables that tell tests where they are, and stops them on Ctrl-C,
on SIGTERM, or when its input ends. `run` starts them, runs the command with these variables set, stops them, and
ends as the command ended. Nothing is left behind, whatever kills it.

Names are `redis`, those below, and `all`. `--kind` chooses how Redis is set up: `redis` alone is the plain one,
`--kind all` each of them. Databases throw away what they are told, for speed; with --durable they flush it to the
disk as in production.
";

const ACCEPTS: Accepts = Accepts { flags: &["--durable"], options: &["--kind"], names: true, passed_on: true };

/// Runs the command.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let given = ACCEPTS.read(args)?;
    if given.help {
        output::line(help());
        return Ok(());
    }
    let Some((what, names)) = given.names.split_first() else {
        return Err(Error::usage(format!("up or run?\n\n{}", help())));
    };
    let kinds = Kind::choose(names.iter().map(String::as_str), given.options("--kind"))?;
    if kinds.is_empty() {
        return Err(Error::usage(format!("which service?\n\n{}", help())));
    }
    let durability = if given.flag("--durable") { Durability::Production } else { Durability::Throwaway };
    match (what.as_str(), given.passed_on.is_empty()) {
        ("up", true) => up(&kinds, durability),
        ("up", false) => Err(Error::usage("`services up` runs no command; `services run` does")),
        ("run", false) => run_with(&kinds, durability, &given),
        ("run", true) => Err(Error::usage("`services run` needs a command after `--`")),
        (other, _) => Err(Error::usage(format!("there is no `services {other}`; there are up and run"))),
    }
}

fn up(kinds: &[Kind], durability: Durability) -> Result<()> {
    let running = Running::start(kinds, durability)?;
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

fn run_with(kinds: &[Kind], durability: Durability, given: &Given) -> Result<()> {
    let here = std::env::current_dir().map_err(|error| Error::failed(format!("cannot tell the folder: {error}")))?;
    let Some((program, args)) = given.passed_on.split_first() else { return Ok(()) };
    let running = Running::start(kinds, durability)?;
    let command = Cmd::new(program).args(args.iter().map(String::as_str));
    let command = running.variables().fold(command, |command, (name, value)| command.env(name, value.as_str()));
    command.run_through(&here)
}

fn help() -> String {
    let line = |kind: &Kind| format!("  {:12}   {}", kind.name(), kind.about());
    let list = |kinds: &mut dyn Iterator<Item = &Kind>| kinds.map(line).collect::<Vec<_>>().join("\n");
    let others = list(&mut Kind::ALL.iter().filter(|kind| !Kind::REDIS.contains(kind)));
    format!("{HELP}\nServices:\n{others}\n\nKinds of Redis:\n{}", list(&mut Kind::REDIS.iter()))
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
        assert!(Kind::ALL.iter().all(|kind| help.contains(&format!("\n  {:12}   ", kind.name()))), "{help}");
    }
}
