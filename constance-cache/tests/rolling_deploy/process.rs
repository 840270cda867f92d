//! The test's side of a process of the deploy.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::child::{AND, ASYNCHRONOUS, PROGRAM, SAYS};

/// Long even on a busy machine; only what never comes waits for it.
const LIMIT: Duration = Duration::from_secs(60);

/// How the programs are built, and over which store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setup {
    test: String,
    url: String,
    is_cached: bool,
    is_asynchronous: bool,
}

impl Setup {
    /// Each process reads through a `LocalCache` without a TTL, which follows the store.
    pub(crate) fn cached(self) -> Self {
        Self { is_cached: true, ..self }
    }

    /// The new version has the asynchronous front.
    pub(crate) fn asynchronous(self) -> Self {
        Self { is_asynchronous: true, ..self }
    }

    pub(crate) fn of(self, test: &str, url: &str) -> Self {
        Self { test: test.to_owned(), url: url.to_owned(), ..self }
    }

    /// The name by which errors call the store.
    pub(crate) fn backend(&self) -> &str {
        self.url.split(':').next().unwrap_or_default()
    }

    pub(crate) fn start(&self, program: &str) -> Process {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", &self.test, "--nocapture"]).env(PROGRAM, program);
        for variable in ["PREFIX", "CACHE_TTL", "CACHE_BACKEND", "CACHE_NAMESPACE", "AUTOFILL"] {
            command.env_remove(format!("CONSTANCE_{variable}"));
        }
        command.env("CONSTANCE_BACKEND", &self.url);
        if self.is_cached {
            command.env("CONSTANCE_CACHE_TTL", "none");
        }
        if self.is_asynchronous && program == "new" {
            command.env(ASYNCHRONOUS, "1");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let mut process = Process { name: program.to_owned(), child, input, output, is_cached: self.is_cached };
        assert_eq!(process.hear(), "ready");
        process
    }
}

/// What a process says is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wrong {
    pub(crate) kind: String,
    pub(crate) settings: Vec<String>,
    pub(crate) message: String,
}

pub(crate) type Answer = Result<String, Wrong>;

/// It ends with this value.
pub(crate) struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Its reads follow the store, and are not of the moment.
    is_cached: bool,
}

impl Process {
    /// Its answer to a command.
    pub(crate) fn ask(&mut self, command: &str) -> Answer {
        writeln!(self.input.as_ref().expect("it runs"), "{command}").expect("it listens");
        let line = self.hear();
        let parts: Vec<&str> = line.splitn(3, '\t').collect();
        match parts[..] {
            ["ok", text] => Ok(text.to_owned()),
            [kind, settings, message] => Err(Wrong {
                kind: kind.to_owned(),
                settings: settings.split(AND).map(str::to_owned).collect(),
                message: message.to_owned(),
            }),
            _ => panic!("{}, {command}: {line}", self.name),
        }
    }

    /// It does so.
    #[track_caller]
    pub(crate) fn does(&mut self, command: &str) {
        assert_eq!(self.ask(command), Ok(String::new()), "{}: {command}", self.name);
    }

    /// It answers this: at once, or as soon as it has followed, where it does.
    #[track_caller]
    pub(crate) fn answers(&mut self, command: &str, expected: &Answer) {
        let follows = self.is_cached || ["live", "defaults", "status"].contains(&command);
        let end = Instant::now() + if follows { LIMIT } else { Duration::ZERO };
        loop {
            let answer = self.ask(command);
            if answer == *expected {
                return;
            }
            if Instant::now() >= end {
                assert_eq!(answer, *expected, "{}: {command}", self.name);
            }
            // Until something changes, or for a moment: asked without a rest, it would leave the server no time.
            self.does("wait");
        }
    }

    #[track_caller]
    pub(crate) fn says(&mut self, command: &str, text: &str) {
        self.answers(command, &Ok(text.to_owned()));
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            let read = self.output.read_line(&mut line).expect("text");
            assert!(read > 0, "the program {} failed; its output is above", self.name);
            if let Some(words) = line.trim_end_matches('\n').strip_prefix(SAYS) {
                return words.to_owned();
            }
        }
    }

    /// Ends it as a service ends that is told to.
    pub(crate) fn end(mut self) {
        drop(self.input.take());
        std::io::copy(&mut self.output, &mut std::io::sink()).expect("text");
        assert!(self.child.wait().expect("a process").success(), "the program {} failed", self.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
