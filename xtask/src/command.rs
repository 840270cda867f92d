//! A program that is printed before it runs, so that every step can be repeated by hand.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::error::{Error, Result};
use crate::output;
use crate::redact::redact;

/// A program, its arguments and the environment variables set for it.
#[derive(Debug)]
pub(crate) struct Cmd {
    program: String,
    args: Vec<String>,
    env: Vec<(&'static str, String)>,
}

impl Cmd {
    pub(crate) fn new(program: &str) -> Self {
        Self { program: program.to_owned(), args: Vec::new(), env: Vec::new() }
    }

    pub(crate) fn cargo() -> Self {
        Self::new("cargo")
    }

    /// Adds the words of `line`.
    pub(crate) fn words(mut self, line: &str) -> Self {
        self.args.extend(line.split_whitespace().map(str::to_owned));
        self
    }

    pub(crate) fn args<T: Into<String>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    /// What to paste into a shell; passwords are in it.
    pub(crate) fn shell_line(&self) -> String {
        let env = self.env.iter().map(|(name, value)| format!("{name}={}", quote(value)));
        let words = std::iter::once(&self.program).chain(&self.args).map(|word| quote(word));
        env.chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Prints the line and runs it with this terminal; an error says how it ended.
    pub(crate) fn run(&self, folder: &Path) -> Result<()> {
        self.print();
        let status = self.command(folder).status().map_err(|error| self.not_started(&error))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::failed(format!("`{} {}` ended with {status}", self.program, self.args.first().map_or("", |a| a))))
    }

    /// Prints the line and runs it with this terminal; the error carries the exit code, for a task that ends with the same.
    pub(crate) fn run_through(&self, folder: &Path) -> Result<()> {
        self.print();
        let status = self.command(folder).status().map_err(|error| self.not_started(&error))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::ended(format!("`{}` ended with {status}", self.program), code(status)))
    }

    /// Prints the line and becomes that program where the system can, so that a signal reaches it and nothing else.
    pub(crate) fn become_it(&self, folder: &Path) -> Result<()> {
        self.print();
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt as _;
            Err(self.not_started(&self.command(folder).exec()))
        }
        #[cfg(not(unix))]
        {
            let status = self.command(folder).status().map_err(|error| self.not_started(&error))?;
            if status.success() {
                Ok(())
            } else {
                Err(Error::failed(format!("`{}` ended with {status}", self.program)))
            }
        }
    }

    /// Runs it quietly and gives what it printed; the error carries what it complained about.
    pub(crate) fn output(&self, folder: &Path) -> Result<String> {
        let output = self.command(folder).stderr(Stdio::piped()).output().map_err(|error| self.not_started(&error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(Error::failed(format!("`{}` failed: {}", redact(&self.shell_line()), redact(complaint.trim()))))
    }

    /// Prints the line, for a program whose output is read and not shown.
    pub(crate) fn print(&self) {
        output::line(format!("$ {}", redact(&self.shell_line())));
    }

    fn command(&self, folder: &Path) -> Command {
        // The cargo that runs this task, which may not be the first one on the path.
        let program = match (self.program.as_str(), std::env::var_os("CARGO")) {
            ("cargo", Some(cargo)) => cargo,
            (other, _) => OsString::from(other),
        };
        let mut command = Command::new(program);
        command.args(&self.args).current_dir(folder);
        // `cargo run` describes xtask in these; a build script that watches them would build again for each caller.
        for (name, _) in std::env::vars_os() {
            let described =
                name.to_str().is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_"));
            if described {
                command.env_remove(name);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    fn not_started(&self, error: &std::io::Error) -> Error {
        Error::failed(format!("cannot start `{}`: {error}", self.program))
    }
}

/// The code as a shell would give it.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    status.code().or(signal).and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0).unwrap_or(1)
}

/// One word of a shell line.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_can_be_pasted() {
        let cmd = Cmd::cargo().words("doc --no-deps").env("RUSTDOCFLAGS", "-D warnings").args(["a b", "it's"]);
        assert_eq!(cmd.shell_line(), r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'a b' 'it'\''s'");
    }

    #[test]
    #[cfg(unix)]
    fn a_task_may_end_as_the_program_did() {
        let ended = |script: &str| Cmd::new("sh").args(["-c", script]).run_through(Path::new("."));
        assert!(ended("exit 0").is_ok());
        assert_eq!(ended("exit 7").unwrap_err().exit_code(), std::process::ExitCode::from(7));
        assert_eq!(ended("kill -9 $$").unwrap_err().exit_code(), std::process::ExitCode::from(137));
    }

    #[test]
    fn an_empty_word_is_kept() {
        assert_eq!(quote(""), "''");
    }

    #[test]
    fn a_failure_says_how_it_ended() {
        let message = Cmd::cargo().words("no-such-command").output(Path::new(".")).unwrap_err().to_string();
        assert!(message.starts_with("`cargo no-such-command` failed: "), "{message}");
        let message = Cmd::new("no-such-program").output(Path::new(".")).unwrap_err().to_string();
        assert!(message.starts_with("cannot start `no-such-program`: "), "{message}");
    }
}
