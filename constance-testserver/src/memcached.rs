//! memcached.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use crate::error::{Result, StartError};
use crate::folder;
use crate::keeper::Running;
use crate::options::Options;
use crate::programs::find;
use crate::server::{Server, controls};
use crate::user::User;

/// Long for a server on this machine; one that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(5);

/// A memcached of 64 MB, empty at the start and after a restart.
///
/// It ends with this value, or with the process that started it.
#[derive(Debug)]
pub struct MemcachedServer(Server);

controls!(MemcachedServer);

impl MemcachedServer {
    /// A server with these arguments, such as `-m`.
    ///
    /// # Errors
    ///
    /// Where it does not start, with its log, or is not installed.
    pub fn try_start(options: &Options) -> Result<Self> {
        let program = find("memcached").ok_or_else(|| StartError::missing("memcached"))?;
        // It refuses to be root, and changes its user itself.
        let user = User::instead_of_root("nobody")?.map(|_| ["-u", "nobody"]);
        let server = Server::start(
            None,
            options,
            is_ready,
            || folder::new(None),
            |folder, port| {
                let mut command = Command::new(&program);
                command.args(user.iter().flatten()).args(["-l", "127.0.0.1", "-p", &port.to_string(), "-m", "64"]);
                command.args(options.of(folder, port));
                Ok(command)
            },
        );
        server.map(Self)
    }

    /// `memcache://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("memcache://127.0.0.1:{}", self.port())
    }
}

/// Whether it says that it is this process: where another program took the port, ours is about to end.
fn is_ready(server: &Running<'_>) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", server.port)) else { return false };
    let _ = stream.set_read_timeout(Some(PATIENCE));
    if stream.write_all(b"stats\r\n").is_err() {
        return false;
    }
    let lines = BufReader::new(stream).lines().map_while(std::result::Result::ok).take_while(|line| line != "END");
    lines.into_iter().any(|line| line.strip_prefix("STAT pid ") == Some(server.process.as_str()))
}
