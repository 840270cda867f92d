//! Redis.

use std::path::Path;
use std::process::Command;

use crate::error::{Result, StartError};
use crate::folder;
use crate::keeper::Ready;
use crate::options::Options;
use crate::programs::find;
use crate::server::{Server, controls};

/// A Redis, empty at the start and after a restart, that keeps nothing on the disk.
///
/// It ends with this value, or with the process that started it.
#[derive(Debug)]
pub struct RedisServer(Server);

controls!(RedisServer);

impl RedisServer {
    /// A server with these arguments, such as `--requirepass`.
    ///
    /// # Errors
    ///
    /// Where it does not start, with its log, or is not installed.
    pub fn try_start(options: &Options) -> Result<Self> {
        // A server with no port but a unix socket says it in other words.
        let ready: Ready = |server| server.says("eady to accept connections");
        Self::run(options, ready, |folder, port, command| {
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]).arg(folder);
            command.args(options.of(folder, port));
            Ok(())
        })
    }

    /// A sentinel with these lines of configuration, in which `{port}` stands for its own. `None` (and a message) where none
    /// is installed.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn sentinel(configuration: &str) -> Option<Self> {
        crate::required::or_skip(Self::try_sentinel(configuration))
    }

    /// The same.
    ///
    /// # Errors
    ///
    /// Where it does not start, with its log, or is not installed.
    pub fn try_sentinel(configuration: &str) -> Result<Self> {
        Self::run(
            &Options::default(),
            |server| server.says("Sentinel ID is"),
            |folder, port, command| {
                let file = folder.join("sentinel.conf");
                let own = format!("port {port}\nbind 127.0.0.1\ndir \"{}\"\n", folder.display());
                let lines = configuration.replace("{port}", &port.to_string());
                folder::write(&file, &format!("{own}{lines}\n"), None)?;
                command.arg(&file).arg("--sentinel");
                Ok(())
            },
        )
    }

    /// The URL of its first database, as Redis clients have it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port())
    }

    fn run(
        options: &Options,
        ready: Ready,
        arguments: impl Fn(&Path, u16, &mut Command) -> Result<()>,
    ) -> Result<Self> {
        let program = find("redis-server").ok_or_else(|| StartError::missing("redis-server"))?;
        let server = Server::start(
            None,
            options,
            ready,
            || folder::new(None),
            |folder, port| {
                let mut command = Command::new(&program);
                arguments(folder, port, &mut command)?;
                Ok(command)
            },
        );
        server.map(Self)
    }
}
