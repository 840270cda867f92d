//! A Redis of the test's own, on a socket in a folder that goes with it.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use constance_core::Backend;
use constance_redis::RedisBackend;
use tempfile::TempDir;

pub(crate) struct Redis {
    process: Child,
    folder: TempDir,
}

impl Redis {
    /// `None`, and a word, where there is no redis-server.
    pub(crate) fn start() -> Option<Self> {
        let folder = TempDir::new().expect("a folder");
        let socket = folder.path().join("redis.sock");
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--dir"]).arg(folder.path()).arg("--unixsocket").arg(&socket);
        let Ok(process) = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
            missing("there is no redis-server");
            return None;
        };
        let redis = Self { process, folder };
        let backend = RedisBackend::from_url(&redis.url()).expect("a URL");
        let deadline = Instant::now() + Duration::from_secs(60);
        while backend.ping().is_err() {
            assert!(Instant::now() < deadline, "redis-server does not answer");
            std::thread::yield_now();
        }
        Some(redis)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}/redis.sock", self.folder.path().display())
    }

    pub(crate) fn python_url(&self) -> String {
        format!("unix://{}/redis.sock", self.folder.path().display())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Says why a test is skipped, or fails where nothing may be.
pub(crate) fn missing(what: &str) {
    let required = std::env::var_os("CONSTANCE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
    assert!(!required, "{what}, and CONSTANCE_REQUIRE_SERVICES=1 allows no skipping");
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}
