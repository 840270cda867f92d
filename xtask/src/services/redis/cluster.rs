//! A cluster of three masters with a replica each.

use std::path::Path;
use std::time::Duration;

use crate::error::Result;
use crate::services::resp::Address;
use crate::services::set::Set;
use crate::services::{ports, wait};

use super::node::Node;
use super::{set, url};

const MASTERS: usize = 3;
const NODES: usize = 2 * MASTERS;
const SLOTS: usize = 16_384;

/// Nodes hear of each other by gossip, once a second.
const LIMIT: Duration = Duration::from_secs(60);

pub(in crate::services) fn start(folder: &Path) -> Result<Set> {
    let ports = ports::free_for_cluster(NODES)?;
    // How long a node must be silent before it counts as dead: tests wait for that, and a busy machine must not cause it.
    let lines =
        ["cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 2000"].map(str::to_owned);
    let start = |port: &u16| Node::server(folder, &format!("node-{port}"), Address::Port(*port), &lines);
    let mut nodes = ports.iter().map(start).collect::<Result<Vec<_>>>()?;
    nodes.iter_mut().try_for_each(Node::wait)?;

    for (index, node) in nodes.iter().enumerate() {
        // Different from the start: equal ones are sorted out by conflict, which takes seconds.
        node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()])?;
    }
    for (index, master) in nodes[..MASTERS].iter().enumerate() {
        // `ADDSLOTSRANGE` is younger than some servers in use.
        let slots = slots_of(index).map(|slot| slot.to_string()).collect::<Vec<_>>();
        let words: Vec<&str> = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
        master.ask(&words)?;
    }
    for (index, node) in nodes.iter().enumerate() {
        // Each meets each: gossip would introduce them too, but later.
        for port in &ports[index + 1..] {
            node.ask(&["CLUSTER", "MEET", "127.0.0.1", &port.to_string()])?;
        }
    }
    wait_for(&nodes, "a cluster whose nodes all know each other", |node| {
        let known = node.ask(&["CLUSTER", "NODES"])?;
        Ok(known.text().lines().count() == NODES && !known.text().contains("handshake"))
    })?;
    for (master, replica) in nodes[..MASTERS].iter().zip(&nodes[MASTERS..]) {
        let id = master.ask(&["CLUSTER", "MYID"])?;
        replica.ask(&["CLUSTER", "REPLICATE", id.text()])?;
    }
    wait_for(&nodes, "a cluster in state ok with connected replicas", is_complete)?;
    Ok(set(nodes).with("CONSTANCE_REDIS_CLUSTER_URL", url::cluster(&ports)))
}

fn slots_of(master: usize) -> std::ops::Range<usize> {
    let start = |master: usize| master * SLOTS / MASTERS;
    start(master)..start(master + 1)
}

/// Whether this node takes commands for all slots, and knows which nodes are replicas.
fn is_complete(node: &Node) -> Result<bool> {
    let info = node.ask(&["CLUSTER", "INFO"])?;
    let known = node.ask(&["CLUSTER", "NODES"])?;
    let replication = node.ask(&["INFO", "replication"])?;
    let replicas = known.text().lines().filter(|line| line.contains("slave")).count();
    Ok(info.text().contains("cluster_state:ok")
        && info.text().contains(&format!("cluster_slots_ok:{SLOTS}\r"))
        && replicas == NODES - MASTERS
        && !known.text().contains("fail")
        && !replication.text().contains("master_link_status:down"))
}

fn wait_for(nodes: &[Node], what: &str, ready: impl Fn(&Node) -> Result<bool>) -> Result<()> {
    wait::until(what, LIMIT, || {
        for node in nodes {
            if !ready(node)? {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_one_master() {
        let all: Vec<usize> = (0..MASTERS).flat_map(slots_of).collect();
        assert_eq!(all, (0..SLOTS).collect::<Vec<_>>());
    }
}
