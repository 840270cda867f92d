//! A memcached of a test's own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use crate::keeper::Ready;
use crate::programs::{find, installed};
use crate::server::{Server, controls};
use crate::template::own_folder;
use crate::user::User;

static PROGRAM: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("memcached"));

/// Long for a server on this machine; one that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(5);

/// A memcached of 64 MB, empty at the start and after a restart.
///
/// It ends with this value, or with the test program.
#[derive(Debug)]
pub struct MemcachedServer(Server);

controls!(MemcachedServer);

impl MemcachedServer {
    /// A server, or `None` (and a word about it) where none is installed.
    ///
    /// # Panics
    ///
    /// Where it is installed and does not start, or is not and has to be: see [`skip`](crate::skip).
    #[must_use]
    pub fn start() -> Option<Self> {
        let program = installed("memcached", &PROGRAM)?;
        Some(Self(Server::start(
            None,
            Ready::Answers(is_process),
            || own_folder(None),
            |_, port| {
                let mut command = Command::new(program);
                // It refuses to be root.
                if User::instead_of_root("nobody").is_some() {
                    command.args(["-u", "nobody"]);
                }
                command.args(["-l", "127.0.0.1", "-p", &port.to_string(), "-m", "64"]);
                command
            },
        )))
    }

    /// `memcache://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("memcache://127.0.0.1:{}", self.port())
    }
}

/// Whether it says that it is this process: where somebody else took the port, ours is about to end.
fn is_process(port: u16, process: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let _ = stream.set_read_timeout(Some(PATIENCE));
    if stream.write_all(b"stats\r\n").is_err() {
        return false;
    }
    let lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| line != "END");
    lines.into_iter().any(|line| line.strip_prefix("STAT pid ") == Some(process))
}
