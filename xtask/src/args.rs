//! The command line of a task: flags, options with a value, names, and what follows `--`.

use crate::error::{Error, Result};

/// What a command accepts.
#[derive(Debug, Default)]
pub(crate) struct Accepts {
    /// Such as `--keep-going`.
    pub(crate) flags: &'static [&'static str],
    /// Such as `--addr`, followed by a value.
    pub(crate) options: &'static [&'static str],
    /// Whether plain words are accepted, such as the names of suites.
    pub(crate) names: bool,
    /// Whether `--` and words for another program are accepted.
    pub(crate) passed_on: bool,
}

/// What was given.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// `--help` or `-h`.
    pub(crate) help: bool,
    /// Plain words.
    pub(crate) names: Vec<String>,
    /// What follows `--`.
    pub(crate) passed_on: Vec<String>,
    flags: Vec<String>,
    options: Vec<(String, String)>,
}

impl Given {
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|given| given == name)
    }

    /// The value given last.
    pub(crate) fn option<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.options(name).last()
    }

    /// All values, for an option that may be given again and again.
    pub(crate) fn options<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.options.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

impl Accepts {
    /// Reads `args`; the error names the word that was not understood.
    pub(crate) fn read(&self, args: &[String]) -> Result<Given> {
        let mut given = Given::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (arg.as_str(), None),
            };
            if arg == "--" && self.passed_on {
                given.passed_on = args.by_ref().cloned().collect();
            } else if matches!(name, "--help" | "-h") {
                given.help = true;
            } else if self.flags.contains(&name) && value.is_none() {
                given.flags.push(name.to_owned());
            } else if self.options.contains(&name) {
                let value = value.or_else(|| args.next().cloned());
                let value = value.ok_or_else(|| Error::usage(format!("`{name}` needs a value; see --help")))?;
                given.options.push((name.to_owned(), value));
            } else if self.names && !arg.starts_with('-') {
                given.names.push(arg.clone());
            } else {
                return Err(Error::usage(format!("`{arg}` is not understood; see --help")));
            }
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Accepts = Accepts { flags: &["--keep-going"], options: &["--addr"], names: true, passed_on: true };

    fn read(accepts: &Accepts, words: &str) -> Result<Given> {
        accepts.read(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn flags_options_and_names_come_in_any_order() {
        let given = read(&ALL, "core --keep-going --addr 127.0.0.1:1 docs").unwrap();
        assert!(given.flag("--keep-going") && !given.flag("--other") && !given.help);
        assert_eq!(given.option("--addr"), Some("127.0.0.1:1"));
        assert_eq!(given.names, ["core", "docs"]);
    }

    #[test]
    fn an_option_takes_its_value_after_an_equals_sign_too() {
        assert_eq!(read(&ALL, "--addr=[::1]:80").unwrap().option("--addr"), Some("[::1]:80"));
    }

    #[test]
    fn an_option_may_come_again() {
        let given = read(&ALL, "--addr a --addr b").unwrap();
        assert_eq!(given.options("--addr").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(given.option("--addr"), Some("b"));
        assert_eq!(given.option("--other"), None);
    }

    #[test]
    fn everything_after_the_dashes_is_passed_on() {
        let given = read(&ALL, "core -- --nocapture --help").unwrap();
        assert_eq!(given.passed_on, ["--nocapture", "--help"]);
        assert!(!given.help);
    }

    #[test]
    fn what_is_not_accepted_is_named() {
        let narrow = Accepts::default();
        for words in ["--keep", "core", "--", "--keep-going"] {
            let message = read(&narrow, words).unwrap_err().to_string();
            assert_eq!(message, format!("`{words}` is not understood; see --help"));
        }
        assert!(read(&ALL, "--keep-going=yes").is_err());
        assert_eq!(read(&ALL, "--addr").unwrap_err().to_string(), "`--addr` needs a value; see --help");
    }
}
