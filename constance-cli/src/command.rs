//! Running a command.

use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use constance_core::{Backend, Codec, Config, Settings};

use crate::{
    CommandError, SettingsCommand, get, list, migrate, output, rename_notice, reset, set, stale, value, verify,
};

impl SettingsCommand {
    /// Runs the command on the process's standard streams, and returns the exit code for `main`.
    ///
    /// The result goes to standard output. Errors go to standard error, as [`report`](Self::report) writes them.
    ///
    /// ```no_run
    /// use std::process::ExitCode;
    ///
    /// use constance_cli::SettingsArgs;
    /// use constance_cli::clap::Parser;
    /// use constance_core::{Config, Settings};
    /// use constance_memory::MemoryBackend;
    ///
    /// #[derive(Clone, Settings)]
    /// struct Shop {
    ///     #[setting(default = 42, min = 0)]
    ///     the_answer: i64,
    /// }
    ///
    /// fn main() -> ExitCode {
    ///     let config = Config::<Shop>::new(MemoryBackend::new());
    ///     SettingsArgs::parse().command.run(&config)
    /// }
    /// ```
    pub fn run<S: Settings, C: Codec, B: Backend>(&self, config: &Config<S, C, B>) -> ExitCode {
        let (input, out) = (io::stdin(), &mut io::stdout().lock());
        let ran = match self {
            Self::Set { name, value, .. } if value.is_from_input() && input.is_terminal() => {
                if config.schema().find(name).is_ok_and(|info| info.secret) {
                    self.run_hidden(config, input.lock(), out)
                } else {
                    // Otherwise the command would seem to hang.
                    let _ =
                        writeln!(io::stderr(), "reading the value from the terminal, up to an end of file (Ctrl-D)");
                    self.run_with(config, &mut input.lock(), out)
                }
            }
            _ => self.run_with(config, &mut input.lock(), out),
        };
        match ran {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => self.report(&error),
        }
    }

    /// Runs the command with a secret from a terminal that does not show what is typed.
    #[cfg(unix)]
    fn run_hidden<S: Settings, C: Codec, B: Backend>(
        &self,
        config: &Config<S, C, B>,
        terminal: io::StdinLock<'_>,
        out: &mut dyn Write,
    ) -> Result<(), CommandError> {
        let _ = writeln!(io::stderr(), "reading the secret from the terminal, which does not show it, up to Enter");
        self.run_with(config, &mut crate::terminal::HiddenLine::new(terminal), out)
    }

    #[cfg(not(unix))]
    fn run_hidden<S: Settings, C: Codec, B: Backend>(
        &self,
        _: &Config<S, C, B>,
        _: io::StdinLock<'_>,
        _: &mut dyn Write,
    ) -> Result<(), CommandError> {
        Err(CommandError::usage("this terminal would show the secret; give it through a pipe or from a file"))
    }

    /// Runs the command and writes the result to `out`. The value `-` is read from the process's standard input.
    ///
    /// # Errors
    ///
    /// Why the command failed. Where some settings are unreadable, `list` and `get --json` write everything else first. A reader
    /// that closes the output early (`settings list | head`) is no error.
    ///
    /// ```
    /// use constance_cli::SettingsArgs;
    /// use constance_cli::clap::Parser;
    /// use constance_core::{Config, Settings};
    /// use constance_memory::MemoryBackend;
    ///
    /// #[derive(Clone, Settings)]
    /// struct Shop {
    ///     #[setting(default = 42, min = 0)]
    ///     the_answer: i64,
    /// }
    ///
    /// let config = Config::<Shop>::new(MemoryBackend::new());
    /// let mut out = Vec::new();
    /// SettingsArgs::try_parse_from(["settings", "set", "the_answer", "43"])?.command.run_to(&config, &mut out)?;
    /// assert_eq!(out, b"the_answer: 42 -> 43\n");
    ///
    /// let too_small = SettingsArgs::try_parse_from(["settings", "set", "the_answer", "-5"])?.command;
    /// let error = too_small.run_to(&config, &mut out).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "setting \"the_answer\": must be at least 0; accepted is a whole number, at least 0"
    /// );
    /// assert_eq!(error.code(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run_to<S: Settings, C: Codec, B: Backend>(
        &self,
        config: &Config<S, C, B>,
        out: &mut dyn Write,
    ) -> Result<(), CommandError> {
        self.run_with(config, &mut io::stdin(), out)
    }

    /// Runs the command and writes the result to `out`. The value `-` is read from `input`, up to its end.
    ///
    /// # Errors
    ///
    /// As [`run_to`](Self::run_to), and where `input` cannot be read.
    pub fn run_with<S: Settings, C: Codec, B: Backend>(
        &self,
        config: &Config<S, C, B>,
        input: &mut dyn Read,
        out: &mut dyn Write,
    ) -> Result<(), CommandError> {
        if let Self::Get { name, json: false }
        | Self::Set { name, json: false, .. }
        | Self::Reset { name, json: false } = self
        {
            rename_notice::write(name, config.schema().find(name)?, &mut io::stderr());
        }
        match self {
            Self::List { group, stored, json } => list::run(config, group.as_deref(), *stored, *json, out),
            Self::Get { name, json } => get::run(config, name, *json, out),
            Self::Set { name, value, extra, empty, json } => {
                // Checked before the input is read, so that nobody types a password for a setting that does not exist.
                let info = config.schema().find(name)?;
                let name = info.name;
                if !extra.is_empty() {
                    let words = extra.len() + 1;
                    return Err(CommandError::usage(format!(
                        "setting \"{name}\": its value was given as {words} words; put quotes around it"
                    )));
                }
                let text = value.text(input)?;
                if info.secret {
                    value::check_secret(name, &text, *empty)?;
                }
                set::run(config, name, &text, *json, out)
            }
            Self::Reset { name, json } => reset::run(config, name, *json, out),
            Self::Stale { json } => {
                let mut err = io::stderr();
                let terminal = err.is_terminal().then_some(&mut err as &mut dyn Write);
                stale::run(config, *json, out, terminal)
            }
            Self::RemoveStale { names, json } => stale::remove(config, names, *json, out),
            Self::Verify { json } => verify::run(config, *json, out),
            Self::Migrate { json } => migrate::run(config, *json, out),
            #[cfg(feature = "legacy")]
            Self::ImportLegacy { write, json } => crate::import_legacy::run(config, *write, *json, out),
        }
    }

    /// Writes an error to standard error as this command does (`error: …`, or JSON after `--json`), and returns its exit code.
    ///
    /// It is for what fails before the command can run, such as [`Config::from_env`] or [`Config::migrate`]:
    ///
    /// ```
    /// # use std::process::ExitCode;
    /// # use constance_cli::SettingsCommand;
    /// # use constance_core::{Config, Settings};
    /// # fn settings<S: Settings>(command: &SettingsCommand, config: &Config<S>) -> ExitCode {
    /// match config.migrate() {
    ///     Ok(()) => command.run(config),
    ///     Err(error) => command.report(&error.into()),
    /// }
    /// # }
    /// ```
    pub fn report(&self, error: &CommandError) -> ExitCode {
        // Where standard error is closed, only the exit code reports the failure.
        let _ = self.report_to(error, &mut io::stderr());
        error.into()
    }

    /// As [`report`](Self::report), to any writer.
    ///
    /// # Errors
    ///
    /// The error of the writer.
    pub fn report_to(&self, error: &CommandError, err: &mut dyn Write) -> io::Result<()> {
        let text = if self.is_json() { output::json::error(error) } else { output::text::error(error) };
        err.write_all(text.as_bytes())
    }
}
