//! What the benchmarks of Redis share.
#![allow(dead_code, reason = "each benchmark uses a part of it")]
#![allow(clippy::print_stderr, reason = "a benchmark says why it does nothing")]

use std::error::Error;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use constance_redis::redis::Client;
use tempfile::TempDir;

/// A server of the benchmark's own, which ends with it.
pub(crate) struct Server {
    process: Child,
    port: u16,
    /// Removed after the process has ended.
    _folder: TempDir,
}

impl Server {
    fn start() -> Result<Self, Box<dyn Error>> {
        let folder = TempDir::new()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { process, port, _folder: folder };
        let began = Instant::now();
        while Client::open(server.url())?.get_connection().is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err("redis-server does not start".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The URL of `CONSTANCE_REDIS_URL`, or of a server of our own. Without either it says so.
pub(crate) fn server() -> Option<(String, Option<Server>)> {
    if let Ok(url) = std::env::var("CONSTANCE_REDIS_URL") {
        return Some((url, None));
    }
    match Server::start() {
        Ok(server) => Some((server.url(), Some(server))),
        Err(error) => {
            eprintln!("skipped: no redis-server could be started ({error})");
            None
        }
    }
}

/// The integer of a stored value, past everything of ours.
pub(crate) fn decoded(bytes: Option<Vec<u8>>) -> u64 {
    let bytes = bytes.unwrap_or_default();
    rmp_serde::from_slice::<i64>(bytes.get(3..).unwrap_or_default()).unwrap_or(0) as u64
}
