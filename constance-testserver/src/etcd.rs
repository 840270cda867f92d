//! etcd.

use std::process::Command;

use crate::error::{Result, StartError};
use crate::folder;
use crate::keeper::Ready;
use crate::options::Options;
use crate::ports::free_port;
use crate::programs::find;
use crate::required::or_skip;
use crate::server::{Server, controls};

/// An etcd, empty at the start, which keeps what is stored over a restart.
///
/// It ends with this value, or with the process that started it.
#[derive(Debug)]
pub struct EtcdServer(Server);

controls!(EtcdServer);

impl EtcdServer {
    /// A server by itself with these arguments, such as `--max-txn-ops`.
    ///
    /// # Errors
    ///
    /// Where it does not start, with its log, or is not installed.
    pub fn try_start(options: &Options) -> Result<Self> {
        let peer = format!("http://127.0.0.1:{}", free_port());
        let all = format!("alone={peer}");
        Self::member(options, |server| server.says("ready to serve client requests"), "alone", &peer, &all)
    }

    /// The members of one cluster, of which each talks to the others at a port of its own. They are started, and ready as soon
    /// as most of them are. `None` (and a message) where none is installed.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn cluster(members: usize) -> Option<Vec<Self>> {
        let peers: Vec<(String, String)> =
            (0..members).map(|member| (format!("m{member}"), format!("http://127.0.0.1:{}", free_port()))).collect();
        let all = peers.iter().map(|(name, peer)| format!("{name}={peer}")).collect::<Vec<_>>().join(",");
        let started: Result<Vec<Self>> = peers
            .iter()
            .map(|(name, peer)| {
                let ready: Ready = |server| server.says("starting member");
                Self::member(&Options::default(), ready, name, peer, &all)
            })
            .collect();
        or_skip(started)
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    fn member(options: &Options, ready: Ready, name: &str, peer: &str, all: &str) -> Result<Self> {
        let program = find("etcd").ok_or_else(|| StartError::missing("etcd"))?;
        let server = Server::start(
            None,
            options,
            ready,
            || folder::new(None),
            |folder, port| {
                let clients = format!("http://127.0.0.1:{port}");
                let mut command = Command::new(&program);
                command.arg("--data-dir").arg(folder.join("data")).args(["--name", name]);
                command.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
                command.args(["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]);
                command.args(["--initial-cluster", all]).args(options.of(folder, port));
                Ok(command)
            },
        );
        server.map(Self)
    }
}
