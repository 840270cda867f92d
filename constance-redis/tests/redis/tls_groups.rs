//! Secure connections to a cluster, and to what sentinels watch; the servers talk by TLS among themselves as well.

use std::sync::LazyLock;

use constance_core::{Backend, ErrorKind};
use constance_redis::redis::{Value, cmd};
use constance_redis::{RedisBackend, RedisBackendBuilder};

use crate::common;
use crate::common::certificates::{arguments, folder, pem, raw};
use crate::common::cluster::Cluster;
use crate::common::group::Sentinel;
use crate::common::{PATIENCE, Server, read, until, value, write};

fn builder(url: &str) -> RedisBackendBuilder {
    let root = pem(folder().expect("certificates"), "ca.crt");
    RedisBackend::builder().url(url).root_certificates(root).connect_timeout(PATIENCE).response_timeout(PATIENCE)
}

fn open(url: &str) -> RedisBackend {
    builder(url).build().expect("valid options")
}

/// What makes a server talk by TLS alone, and by `more` with others.
fn secure(more: &[&str]) -> Option<Vec<String>> {
    let mut all = arguments(folder()?);
    all.extend(["--tls-auth-clients", "no"].iter().chain(more).map(|argument| (*argument).to_owned()));
    Some(all)
}

static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(|| {
    let arguments = secure(&["--tls-cluster", "yes", "--tls-replication", "yes"])?;
    Cluster::with(false, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
});

constance_core::conformance_tests!(mod cluster: || CLUSTER.as_ref().map(|cluster| open(&cluster.url_by("rediss"))));

#[test]
fn nodes_of_a_cluster_take_secure_connections_alone() {
    let Some(cluster) = CLUSTER.as_ref() else { return };
    let error = read(&common::short_timeouts(&cluster.url()), "a").expect_err("they speak TLS");
    assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{error:?}");
}

/// A master and its replica, with the sentinel that watches them.
struct Watched {
    servers: [Server; 2],
    sentinel: Sentinel,
}

impl Watched {
    fn start() -> Option<Self> {
        let common = ["--tls-replication", "yes", "--repl-diskless-sync-delay", "0"];
        let start = |more: &[&str]| {
            let arguments = secure(more)?;
            Server::with(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let master = start(&common)?;
        let port = master.port().to_string();
        let replica = start(&[&common[..], &["--replicaof", "127.0.0.1", &port]].concat())?;
        let mut connection = master.raw();
        until("a replica that is online", || {
            let info: String = cmd("INFO").arg("replication").query(&mut connection).ok()?;
            info.contains("state=online").then_some(())
        });
        // The words of a command line, as lines of a file.
        let words = secure(&["--tls-replication", "yes"])?;
        let lines: Vec<String> = words.chunks(2).map(|line| line.join(" ").replacen("--", "", 1)).collect();
        let sentinel = Sentinel::start(&port, &lines.join("\n"));
        let mut connection = raw(sentinel.port());
        until("a sentinel that sees the replica", || {
            let replicas: Value = cmd("SENTINEL").arg("REPLICAS").arg("mymaster").query(&mut connection).ok()?;
            replicas.into_sequence().is_ok_and(|replicas| replicas.len() == 1).then_some(())
        });
        Some(Self { servers: [master, replica], sentinel })
    }

    fn url(&self) -> String {
        format!("rediss+sentinel://localhost:{}/mymaster/0", self.sentinel.port())
    }

    /// The port of the master, by what the sentinel says.
    fn master(&self) -> u16 {
        let mut connection = raw(self.sentinel.port());
        let mut command = cmd("SENTINEL");
        let found: (String, u16) =
            command.arg("get-master-addr-by-name").arg("mymaster").query(&mut connection).expect("an address");
        found.1
    }
}

static WATCHED: LazyLock<Option<Watched>> = LazyLock::new(Watched::start);

constance_core::conformance_tests!(mod sentinel: || WATCHED.as_ref().map(|watched| open(&watched.url())));

#[test]
fn a_fail_over_is_followed_by_tls() {
    let Some(watched) = Watched::start() else { return };
    let backend = builder(&watched.url()).wait_replicas(1).build().expect("valid options");
    write(&backend, "a", b"1").expect("a write that the replica has");
    assert_eq!(watched.master(), watched.servers[0].port());
    until("a fail-over", || {
        let _ = cmd("SENTINEL").arg("FAILOVER").arg("mymaster").exec(&mut raw(watched.sentinel.port()));
        (watched.master() == watched.servers[1].port()).then_some(())
    });
    // The old master has to become a replica: nobody else acknowledges.
    until("a write that the new replica has", || write(&backend, "b", b"2").ok());
    let mut new = watched.servers[1].raw();
    assert_eq!(cmd("GET").arg("constance:b").query::<String>(&mut new).expect("it is there"), "2");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    assert!(backend.capability().watch);
}
