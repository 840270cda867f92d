//! Runs the shop in a folder of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Long enough for a busy machine; nothing waits that long unless it fails.
const DEADLINE: Duration = Duration::from_secs(60);

/// A shop's folder, with its store inside.
pub(crate) struct Shop {
    folder: TempDir,
    /// The URL of its store and its prefix there, where it is not the folder's.
    elsewhere: Option<(String, String)>,
}

/// A running `shop serve`, ended when it is dropped.
pub(crate) struct Service {
    process: Child,
    addr: String,
    stderr: PathBuf,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let shop = Self::without_store();
        shop.bring_store();
        shop
    }

    /// The folder of the store is missing, as a volume that is not mounted.
    pub(crate) fn without_store() -> Self {
        Self { folder: TempDir::new().expect("a folder"), elsewhere: None }
    }

    /// The store is the server that a variable names, or `None` (and a word about it) where none is named.
    pub(crate) fn on(variable: &str) -> Option<Self> {
        let url = constance_testserver::url_in(variable)?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let prefix = format!("shop-{}-{}:", std::process::id(), now.as_nanos());
        Some(Self { elsewhere: Some((url, prefix)), ..Self::without_store() })
    }

    pub(crate) fn bring_store(&self) {
        std::fs::create_dir(self.folder().join("store")).expect("a folder");
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        command.arg(subcommand).current_dir(self.folder()).stdin(Stdio::null());
        command.env("CONSTANCE_BACKEND", format!("sqlite://{}/store/test.sqlite3", self.folder().display()));
        command.env_remove("CONSTANCE_PREFIX");
        if let Some((url, prefix)) = &self.elsewhere {
            command.env("CONSTANCE_BACKEND", url).env("CONSTANCE_PREFIX", prefix);
        }
        command
    }

    pub(crate) fn settings(&self, args: &[&str]) -> Output {
        self.command("settings").args(args).output().expect("a run")
    }

    pub(crate) fn settings_with_input(&self, args: &[&str], input: &[u8]) -> Output {
        let mut command = self.command("settings");
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("a process");
        // Dropped at the end of the statement, which is the end of the input.
        process.stdin.take().expect("a pipe").write_all(input).expect("a reader");
        process.wait_with_output().expect("an end")
    }

    /// Starts the service on a free port and returns once it listens.
    pub(crate) fn serve(&self) -> Service {
        let stderr = self.folder().join("stderr");
        let mut command = self.command("serve");
        command.args(["--addr", "127.0.0.1:0"]).stdout(Stdio::piped());
        command.stderr(std::fs::File::create(&stderr).expect("a file"));
        let mut process = command.spawn().expect("a process");
        let mut line = String::new();
        let read = BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line);
        let mut service = Service { process, addr: String::new(), stderr };
        read.unwrap_or_else(|error| panic!("{error}: {}", service.said()));
        let addr = line.trim_end().strip_prefix("listening on http://");
        service.addr = addr.unwrap_or_else(|| panic!("{line:?}: {}", service.said())).to_owned();
        service
    }
}

impl Service {
    /// The status and the body of an answer.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.addr).expect("the service listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").expect("a reader");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}: {}", self.said()));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, body.to_owned())
    }

    pub(crate) fn json(&self, path: &str) -> serde_json::Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Asks again and again. Another process's doing gives no signal here, so that there is nothing to wait for.
    pub(crate) fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}: {}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it was running");
        self.process.wait().expect("an end");
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}
