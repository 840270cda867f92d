//! One `redis-server`: a server, a node of a cluster or a sentinel.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::services::process::Process;
use crate::services::resp::{self, Address, Reply};
use crate::services::wait;

/// Long even for a busy machine; a server that ends by itself is noticed at once.
const LIMIT: Duration = Duration::from_secs(60);

const PROGRAM: &str = "redis-server";

/// Nothing is stored: a server starts and ends empty. Replicas get their copy at once instead of after five seconds.
const COMMON: &str = "\
bind 127.0.0.1
daemonize no
save \"\"
appendonly no
repl-diskless-sync-delay 0
";

/// A running `redis-server`.
#[derive(Debug)]
pub(super) struct Node {
    process: Process,
    address: Address,
    password: Option<&'static str>,
    /// The line of `INFO` that names our configuration, and so tells this server from a stranger on its port.
    mark: String,
}

impl Node {
    /// Starts a server with these lines of configuration in a new folder `name`.
    pub(super) fn server(folder: &Path, name: &str, address: Address, lines: &[String]) -> Result<Self> {
        Self::start(folder, name, address, &format!("{COMMON}{}", text(lines)), &[])
    }

    /// Starts a sentinel, which refuses most of what a server is configured with.
    pub(super) fn sentinel(folder: &Path, name: &str, address: Address, lines: &[String]) -> Result<Self> {
        Self::start(folder, name, address, &format!("bind 127.0.0.1\n{}", text(lines)), &["--sentinel"])
    }

    fn start(folder: &Path, name: &str, address: Address, config: &str, args: &[&str]) -> Result<Self> {
        let own = folder.join(name);
        let listen = match &address {
            Address::Port(port) => format!("port {port}\n"),
            Address::Socket(path) => format!("port 0\nunixsocket {}\n", quoted(path)),
        };
        let written = fs::create_dir_all(&own)
            .and_then(|()| fs::write(own.join("redis.conf"), format!("{listen}dir {}\n{config}", quoted(&own))));
        written.map_err(|error| Error::failed(format!("cannot write into {}: {error}", own.display())))?;
        let args: Vec<&str> = std::iter::once("redis.conf").chain(args.iter().copied()).collect();
        let process = Process::start(PROGRAM, &args, &own)?;
        // As the server sees it, which asks the system where it is.
        let real = own.canonicalize().unwrap_or(own);
        let mark = format!("config_file:{}\r\n", real.join("redis.conf").display());
        Ok(Self { process, address, password: None, mark })
    }

    pub(super) fn with_password(self, password: &'static str) -> Self {
        Self { password: Some(password), ..self }
    }

    pub(super) fn into_process(self) -> Process {
        self.process
    }

    pub(super) fn wait(&mut self) -> Result<()> {
        wait::until("a server that answers PING", LIMIT, || {
            if let Err(ended) = self.process.check() {
                return Ok(Some(Err(ended)));
            }
            self.ask(&["PING"])?;
            // Where somebody else took the port, ours is about to end.
            Ok(self.ask(&["INFO", "server"])?.text().contains(&self.mark).then_some(Ok(())))
        })?
    }

    /// Asks on a connection of its own: rare enough, and a connection that broke is nobody's concern.
    pub(super) fn ask(&self, words: &[&str]) -> Result<Reply> {
        let asked = resp::connect(&self.address).and_then(|mut client| {
            if let Some(password) = self.password {
                client.ask(&["AUTH", password])?;
            }
            client.ask(words)
        });
        let command = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        asked.map_err(|error| Error::failed(format!("a server does not take `{command}`: {error}")))
    }
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A path as a word of the configuration.
pub(super) fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_is_one_word() {
        assert_eq!(quoted(Path::new("/a b/\"c\"")), r#""/a b/\"c\"""#);
    }
}
