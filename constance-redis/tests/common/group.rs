//! A master with two replicas, and three sentinels that watch it.

use constance_redis::redis::{Value, cmd};
use constance_testserver::RedisServer;

use super::server::raw;
use super::{Server, until};

/// The servers stop when it is dropped, or when the test program ends.
pub struct Group {
    /// The first is the master at the start.
    pub servers: Vec<Server>,
    sentinels: Vec<Sentinel>,
}

/// A sentinel that watches a master.
pub struct Sentinel(RedisServer);

impl Group {
    /// A group that is ready to fail over, or `None` with a message where no server is installed.
    pub fn start() -> Option<Self> {
        let master = Server::with(COMMON)?;
        let port = master.port().to_string();
        let mut servers = vec![master];
        for _ in 0..2 {
            let arguments: Vec<&str> = COMMON.iter().copied().chain(["--replicaof", "127.0.0.1", &port]).collect();
            servers.push(Server::with(&arguments)?);
        }
        // Before the sentinels start, so that they find the replicas at once.
        let mut master = servers[0].raw();
        until("replicas that are online", || {
            let info: String = cmd("INFO").arg("replication").query(&mut master).ok()?;
            (info.matches("state=online").count() == 2).then_some(())
        });
        let sentinels: Vec<Sentinel> = (0..3).map(|_| Sentinel::start(&port, "")).collect();
        for sentinel in &sentinels {
            until("sentinels that see each other and the replicas", || sentinel.sees_all().then_some(()));
        }
        Some(Self { servers, sentinels })
    }

    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.sentinels.iter().map(|one| format!("127.0.0.1:{}", one.port())).collect();
        format!("redis+sentinel://{}/mymaster/0", hosts.join(","))
    }

    /// Makes another server the master while the old one is alive.
    pub fn fail_over(&self) {
        let port = self.master();
        until("a fail-over", || {
            // Refused while another fail-over is under way.
            let _ = cmd("SENTINEL").arg("FAILOVER").arg("mymaster").exec(&mut self.sentinels[0].raw());
            (self.master() != port).then_some(())
        });
        // Sentinels name the new master before the old one is demoted.
        let old = self.servers.iter().find(|server| server.port() == port).expect("one of the group");
        until("a replica", || {
            let role: Vec<Value> = cmd("ROLE").query(&mut old.raw()).ok()?;
            (role.first() != Some(&Value::BulkString(b"master".to_vec()))).then_some(())
        });
    }

    /// The port of the master, as the first sentinel names it.
    pub fn master(&self) -> u16 {
        let mut sentinel = self.sentinels[0].raw();
        let found: (String, u16) =
            cmd("SENTINEL").arg("get-master-addr-by-name").arg("mymaster").query(&mut sentinel).expect("an address");
        found.1
    }
}

/// Replicas get their copy at once.
const COMMON: &[&str] = &["--repl-diskless-sync-delay", "0"];

impl Sentinel {
    /// With more lines of configuration, in which `{port}` stands for its port.
    pub fn start(master: &str, more: &str) -> Self {
        let lines = [
            &format!("sentinel monitor mymaster 127.0.0.1 {master} 2"),
            "sentinel down-after-milliseconds mymaster 500",
            "sentinel failover-timeout mymaster 2000",
            more,
        ];
        Self(RedisServer::sentinel(&lines.join("\n")).expect("installed, since its master is"))
    }

    pub fn port(&self) -> u16 {
        self.0.port()
    }

    fn raw(&self) -> constance_redis::redis::Connection {
        raw(&format!("redis://127.0.0.1:{}", self.port()))
    }

    fn sees_all(&self) -> bool {
        let mut connection = self.raw();
        let mut ask = |what: &str| cmd("SENTINEL").arg(what).arg("mymaster").query::<Value>(&mut connection);
        let others = ask("SENTINELS").map_or(0, |answer| answer.into_sequence().map_or(0, |others| others.len()));
        let replicas = ask("REPLICAS").map_or(String::new(), |answer| format!("{answer:?}"));
        others == 2 && replicas.matches("\"slave\"").count() + replicas.matches("'slave'").count() >= 2
    }
}
