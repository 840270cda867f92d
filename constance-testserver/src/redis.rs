//! A Redis of a test's own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::keeper::Ready;
use crate::ports::free_port;
use crate::programs::{find, installed};
use crate::server::{Server, controls};
use crate::template::own_folder;

static PROGRAM: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("redis-server"));

/// A Redis, empty at the start and after a restart, that keeps nothing on the disk.
///
/// It ends with this value, or with the test program.
#[derive(Debug)]
pub struct RedisServer(Server);

controls!(RedisServer);

impl RedisServer {
    /// A plain server, or `None` (and a word about it) where none is installed.
    ///
    /// # Panics
    ///
    /// Where it is installed and does not start, or is not and has to be: see [`skip`](crate::skip).
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// A server with further arguments, such as `--requirepass`. In them `{port}` and `{folder}` stand for its own, and `{other}`
    /// for a port that nobody listens on.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn with(arguments: &[&str]) -> Option<Self> {
        Self::run("Ready to accept connections", |folder, port, command| {
            let (own, other) = (folder.display().to_string(), free_port().to_string());
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir", &own]);
            let named = |argument: &&str| {
                argument.replace("{port}", &port.to_string()).replace("{other}", &other).replace("{folder}", &own)
            };
            command.args(arguments.iter().map(named));
        })
    }

    /// A sentinel with these lines of configuration, in which `{port}` stands for its own.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn sentinel(configuration: &str) -> Option<Self> {
        Self::run("Sentinel ID is", |folder, port, command| {
            let file = folder.join("sentinel.conf");
            let own = format!("port {port}\nbind 127.0.0.1\ndir \"{}\"\n", folder.display());
            let lines = configuration.replace("{port}", &port.to_string());
            std::fs::write(&file, format!("{own}{lines}\n")).expect("a file");
            command.arg(&file).arg("--sentinel");
        })
    }

    /// The URL of its first database, as Redis clients have it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port())
    }

    fn run(ready: &'static str, arguments: impl Fn(&Path, u16, &mut Command)) -> Option<Self> {
        let program = installed("redis-server", &PROGRAM)?;
        Some(Self(Server::start(
            None,
            Ready::Says(ready),
            || own_folder(None),
            |folder, port| {
                let mut command = Command::new(program);
                arguments(folder, port, &mut command);
                command
            },
        )))
    }
}
