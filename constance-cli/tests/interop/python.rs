//! A Python with django-constance, at the other end of two pipes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) struct Python {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// The interpreter that the variable names; `None`, and a word, where it names none.
    pub(crate) fn start(variable: &str, store_url: &str) -> Option<Self> {
        Self::start_with(variable, store_url, None)
    }

    /// The same, with the settings that a page of the documentation prints.
    pub(crate) fn start_with(variable: &str, store_url: &str, page: Option<&str>) -> Option<Self> {
        let Some(program) = std::env::var_os(variable).filter(|program| !program.is_empty()) else {
            constance_testserver::skip(&format!("{variable} is not set; `cargo xtask test interop` sets it"));
            return None;
        };
        let values = concat!(env!("CARGO_MANIFEST_DIR"), "/../constance-core/tests/golden/django");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/django_side.py");
        let mut process = Command::new(program)
            .args([script, values, store_url])
            .args(page)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a Python");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut python = Self { process, input, output };
        assert_eq!(python.line(), "ready", "what Python says is above");
        Some(python)
    }

    /// Its answer to a command.
    pub(crate) fn ask(&mut self, command: &str) -> String {
        writeln!(self.input, "{command}").expect("Python listens");
        self.line()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
