//! A cluster of three masters with a replica each.

use constance_testserver::{Options, RedisServer};

use crate::command::Cmd;
use crate::error::Result;
use crate::services::set::Set;

use super::cli::{ask, wait_for};
use super::url;

const MASTERS: usize = 3;
const NODES: usize = 2 * MASTERS;

/// A node that is silent for two seconds counts as dead: tests wait for that, and a busy machine must not cause it. Replicas get
/// their copy at once instead of after five seconds.
const SETTINGS: &str = "--cluster-enabled yes --cluster-config-file nodes.conf --cluster-node-timeout 2000 \
    --repl-diskless-sync-delay 0 --cluster-port {other}";

pub(in crate::services) fn start() -> Result<Set> {
    let options = Options::default().settings(SETTINGS.split_whitespace());
    let nodes = (0..NODES).map(|_| Ok(RedisServer::try_start(&options)?)).collect::<Result<Vec<_>>>()?;
    let ports: Vec<u16> = nodes.iter().map(RedisServer::port).collect();
    let hosts = ports.iter().map(|port| format!("127.0.0.1:{port}"));
    let create = Cmd::new("redis-cli").words("--cluster create").args(hosts);
    create.words("--cluster-replicas 1 --cluster-yes").output(nodes[0].folder())?;
    wait_for(&nodes, "a cluster in state ok with connected replicas", is_complete)?;
    Ok(Set::of(nodes).with("CONSTANCE_REDIS_CLUSTER_URL", url::cluster(&ports)))
}

/// Whether this node takes commands for all slots, and knows which nodes are replicas.
fn is_complete(node: &RedisServer) -> Result<bool> {
    let info = ask(node, "CLUSTER INFO")?;
    let known = ask(node, "CLUSTER NODES")?;
    let replicas = known.lines().filter(|line| line.contains("slave")).count();
    Ok(info.contains("cluster_state:ok")
        && info.contains("cluster_slots_ok:16384\r")
        && replicas == NODES - MASTERS
        && !known.contains("fail")
        && !ask(node, "INFO replication")?.contains("master_link_status:down"))
}
