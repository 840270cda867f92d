//! A cluster of three masters, with or without replicas.

use constance_redis::redis::{Connection, cmd};

use super::{Server, until};

const MASTERS: usize = 3;

/// The servers stop when it is dropped, or when the test program ends.
pub struct Cluster {
    /// The masters come first, each with a third of the slots in order.
    pub nodes: Vec<Server>,
}

impl Cluster {
    /// A cluster that serves every slot, or `None` with a message where no server is installed.
    pub fn start(replicas: bool) -> Option<Self> {
        Self::with(replicas, &[])
    }

    /// The same, with further arguments for each node.
    pub fn with(replicas: bool, more: &[&str]) -> Option<Self> {
        let count = if replicas { 2 * MASTERS } else { MASTERS };
        let mut nodes = Vec::new();
        let mut ports = Vec::new();
        for number in 0..count {
            let own = [
                "--cluster-enabled",
                "yes",
                "--cluster-config-file",
                "nodes.conf",
                "--cluster-node-timeout",
                "2000",
                // By default no slot is served while one is not.
                "--cluster-require-full-coverage",
                "no",
                "--repl-diskless-sync-delay",
                "0",
                "--cluster-port",
                "{other}",
            ];
            nodes.push(Server::with(&own.iter().chain(more).copied().collect::<Vec<_>>())?);
            let mut node = nodes[number].raw();
            // Different from the start: resolving a conflict of equal ones takes seconds.
            cmd("CLUSTER").arg("SET-CONFIG-EPOCH").arg(number + 1).exec(&mut node).expect("an epoch");
            if number < MASTERS {
                let (start, end) = (number * 16_384 / MASTERS, (number + 1) * 16_384 / MASTERS - 1);
                cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(start).arg(end).exec(&mut node).expect("slots");
            }
            for (port, bus) in &ports {
                cmd("CLUSTER").arg("MEET").arg("127.0.0.1").arg(port).arg(bus).exec(&mut node).expect("a meeting");
            }
            ports.push((nodes[number].port(), bus_port(&mut node)));
        }
        let cluster = Self { nodes };
        cluster.each("nodes that know each other", |node| {
            let known = cluster_command(node, "NODES")?;
            (known.lines().count() == count && !known.contains("handshake")).then_some(())
        });
        for number in MASTERS..count {
            let master = cluster.id(number - MASTERS);
            cmd("CLUSTER").arg("REPLICATE").arg(master).exec(&mut cluster.nodes[number].raw()).expect("a replica");
        }
        cluster.each("a cluster that serves every slot", |node| {
            let (info, known) = (cluster_command(node, "INFO")?, cluster_command(node, "NODES")?);
            let replication: String = cmd("INFO").arg("replication").query(node).ok()?;
            let complete = info.contains("cluster_state:ok")
                && info.contains("cluster_slots_ok:16384\r")
                && known.lines().filter(|line| line.contains("slave")).count() == count - MASTERS
                && !replication.contains("master_link_status:down");
            complete.then_some(())
        });
        Some(cluster)
    }

    fn each(&self, what: &str, mut ready: impl FnMut(&mut Connection) -> Option<()>) {
        for node in &self.nodes {
            let mut node = node.raw();
            until(what, || ready(&mut node));
        }
    }

    pub fn url(&self) -> String {
        self.url_by("redis")
    }

    /// The URL with `scheme` instead of `redis`.
    pub fn url_by(&self, scheme: &str) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("{scheme}+cluster://{}", hosts.join(","))
    }

    /// The ID of a node.
    pub fn id(&self, node: usize) -> String {
        cmd("CLUSTER").arg("MYID").query(&mut self.nodes[node].raw()).expect("a name")
    }

    pub fn slot(&self, key: &str) -> usize {
        cmd("CLUSTER").arg("KEYSLOT").arg(key).query(&mut self.nodes[0].raw()).expect("a slot")
    }

    /// The name of a setting whose key is on this master.
    pub fn name_at(&self, master: usize) -> String {
        let own = master * 16_384 / MASTERS..(master + 1) * 16_384 / MASTERS;
        let mut names = (0..).map(|number| format!("n{number}"));
        names.find(|name| own.contains(&self.slot(&format!("constance:{name}")))).expect("one of many")
    }

    /// Begins to migrate a slot from the first master to the second.
    pub fn begin_migration(&self, slot: usize) {
        let (from, to) = (self.id(0), self.id(1));
        let set = |node: usize, way: &str, other: &str| {
            let mut node = self.nodes[node].raw();
            cmd("CLUSTER").arg("SETSLOT").arg(slot).arg(way).arg(other).exec(&mut node).expect("a slot on the move");
        };
        set(1, "IMPORTING", &from);
        set(0, "MIGRATING", &to);
    }

    /// Migrates a key from the first master to the second.
    pub fn migrate_key(&self, key: &str) {
        let mut command = cmd("MIGRATE");
        command.arg("127.0.0.1").arg(self.nodes[1].port()).arg(key).arg(0).arg(5000);
        command.exec(&mut self.nodes[0].raw()).expect("a key on the move");
    }

    /// Ends the migration of a slot.
    pub fn end_migration(&self, slot: usize) {
        let to = self.id(1);
        for node in [1, 0, 2] {
            let mut command = cmd("CLUSTER");
            command.arg("SETSLOT").arg(slot).arg("NODE").arg(&to);
            command.exec(&mut self.nodes[node].raw()).expect("a slot that has moved");
        }
    }
}

/// The port of the cluster bus.
fn bus_port(node: &mut Connection) -> u16 {
    let known = cluster_command(node, "NODES").expect("what it knows");
    let own = known.lines().find(|line| line.contains("myself")).expect("itself");
    let (_, port) = own.split_once('@').expect("its ports");
    let digits = port.chars().take_while(char::is_ascii_digit).collect::<String>();
    digits.parse().expect("a port")
}

/// The reply of a node to a subcommand of `CLUSTER`.
pub fn cluster_command(node: &mut Connection, word: &str) -> Option<String> {
    cmd("CLUSTER").arg(word).query(node).ok()
}
