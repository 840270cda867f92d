//! A master with two replicas, and three sentinels that watch it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use constance_redis::redis::{Value, cmd};
use tempfile::TempDir;

use super::server::{KEEPER, drain, end, free_port, raw};
use super::{Server, until};

/// It ends with this value, or with the test program.
pub struct Group {
    /// The first is the master at the start.
    pub servers: Vec<Server>,
    sentinels: Vec<Sentinel>,
}

/// A sentinel that watches a master.
pub struct Sentinel {
    pub port: u16,
    folder: PathBuf,
    keeper: Child,
}

impl Group {
    /// A group that is ready to fail over, or `None` (and a word about it) where no server is installed.
    pub fn start() -> Option<Self> {
        let master = Server::with(COMMON)?;
        let port = master.port.to_string();
        let mut servers = vec![master];
        for _ in 0..2 {
            let arguments: Vec<&str> = COMMON.iter().copied().chain(["--replicaof", "127.0.0.1", &port]).collect();
            servers.push(Server::with(&arguments)?);
        }
        // Before the sentinels start, which then see the replicas at their first look.
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
        let hosts: Vec<String> = self.sentinels.iter().map(|one| format!("127.0.0.1:{}", one.port)).collect();
        format!("redis+sentinel://{}/mymaster/0", hosts.join(","))
    }

    /// Makes another server the master while the old one is alive.
    pub fn fail_over(&self) {
        let port = self.master();
        until("a fail-over", || {
            // Refused while the last one is not over.
            let _ = cmd("SENTINEL").arg("FAILOVER").arg("mymaster").exec(&mut self.sentinels[0].raw());
            (self.master() != port).then_some(())
        });
        // Sentinels name the new one before they tell the old one.
        let old = self.servers.iter().find(|server| server.port == port).expect("one of the group");
        until("a replica", || {
            let role: Vec<Value> = cmd("ROLE").query(&mut old.raw()).ok()?;
            (role.first() != Some(&Value::BulkString(b"master".to_vec()))).then_some(())
        });
    }

    /// The port of the master, by what the first sentinel says.
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
    /// With further lines of configuration, in which `{port}` stands for its own.
    pub fn start(master: &str, more: &str) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder").keep();
        let file = folder.join("sentinel.conf");
        // Between finding a free port and using it, somebody else may take it.
        for _ in 0..5 {
            let port = free_port();
            let lines = [
                format!("port {port}\nbind 127.0.0.1\ndir \"{}\"", folder.display()),
                format!("sentinel monitor mymaster 127.0.0.1 {master} 2"),
                "sentinel down-after-milliseconds mymaster 500".to_owned(),
                "sentinel failover-timeout mymaster 2000".to_owned(),
                format!("{}\n", more.replace("{port}", &port.to_string())),
            ];
            std::fs::write(&file, lines.join("\n")).expect("a file");
            let mut command = Command::new("sh");
            command.args(["-c", KEEPER, "keeper"]).arg(&folder).arg(&file).arg("--sentinel");
            let mut keeper =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a shell");
            if drain(&mut keeper).into_iter().any(|line| line.contains("Sentinel ID is")) {
                return Self { port, folder, keeper };
            }
            end(&mut keeper, "keep");
        }
        panic!("a sentinel does not start");
    }

    fn raw(&self) -> constance_redis::redis::Connection {
        raw(&format!("redis://127.0.0.1:{}", self.port))
    }

    fn sees_all(&self) -> bool {
        let mut connection = self.raw();
        let mut ask = |what: &str| cmd("SENTINEL").arg(what).arg("mymaster").query::<Value>(&mut connection);
        let others = ask("SENTINELS").map_or(0, |answer| answer.into_sequence().map_or(0, |others| others.len()));
        let replicas = ask("REPLICAS").map_or(String::new(), |answer| format!("{answer:?}"));
        others == 2 && replicas.matches("\"slave\"").count() + replicas.matches("'slave'").count() >= 2
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        end(&mut self.keeper, "remove");
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
