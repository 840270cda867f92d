//! An etcd of a test's own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use crate::keeper::Ready;
use crate::ports::free_port;
use crate::programs::{find, installed};
use crate::server::{Server, controls};
use crate::template::own_folder;

static PROGRAM: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("etcd"));

/// An etcd, empty at the start, which keeps what is stored over a restart.
///
/// It ends with this value, or with the test program.
#[derive(Debug)]
pub struct EtcdServer(Server);

controls!(EtcdServer);

impl EtcdServer {
    /// A server by itself, or `None` (and a word about it) where none is installed.
    ///
    /// # Panics
    ///
    /// Where it is installed and does not start, or is not and has to be: see [`skip`](crate::skip).
    #[must_use]
    pub fn start() -> Option<Self> {
        let peer = format!("http://127.0.0.1:{}", free_port());
        Self::member("ready to serve client requests", "alone", &peer, &format!("alone={peer}"))
    }

    /// The members of one cluster, of which each talks to the others at a port of its own. They are started, and ready as soon
    /// as most of them are.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn cluster(members: usize) -> Option<Vec<Self>> {
        let peers: Vec<(String, String)> =
            (0..members).map(|member| (format!("m{member}"), format!("http://127.0.0.1:{}", free_port()))).collect();
        let all = peers.iter().map(|(name, peer)| format!("{name}={peer}")).collect::<Vec<_>>().join(",");
        peers.iter().map(|(name, peer)| Self::member("starting member", name, peer, &all)).collect()
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    fn member(ready: &'static str, name: &str, peer: &str, all: &str) -> Option<Self> {
        let program = installed("etcd", &PROGRAM)?;
        Some(Self(Server::start(
            None,
            Ready::Says(ready),
            || own_folder(None),
            |folder, port| {
                let clients = format!("http://127.0.0.1:{port}");
                let mut command = Command::new(program);
                command.arg("--data-dir").arg(folder.join("data")).args(["--name", name]);
                command.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
                command.args(["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]);
                command.args(["--initial-cluster", all]);
                command
            },
        )))
    }
}
