//! A master with two replicas, and three sentinels that elect another master within seconds.

use std::path::Path;
use std::time::Duration;

use crate::error::Result;
use crate::services::resp::{Address, Reply};
use crate::services::set::Set;
use crate::services::{ports, wait};

use super::node::Node;
use super::{set, url};

/// The name under which the sentinels know the master.
const MASTER: &str = "mymaster";
const SERVERS: usize = 3;
const SENTINELS: usize = 3;
const QUORUM: usize = 2;

/// Sentinels greet each other every two seconds, and look for new replicas every ten.
const LIMIT: Duration = Duration::from_secs(60);

pub(in crate::services) fn start(folder: &Path) -> Result<Set> {
    let ports = ports::free(SERVERS + SENTINELS)?;
    let (servers, sentinels) = ports.split_at(SERVERS);
    let master = servers[0];
    let mut nodes = Vec::new();
    for port in servers {
        let replica = (*port != master).then(|| format!("replicaof 127.0.0.1 {master}"));
        let lines: Vec<String> = replica.into_iter().collect();
        nodes.push(Node::server(folder, &format!("server-{port}"), Address::Port(*port), &lines)?);
    }
    nodes.iter_mut().try_for_each(Node::wait)?;
    // Before the sentinels start, which then see the replicas at their first look, ten seconds earlier.
    wait::until("a master with its replicas online", LIMIT, || {
        let info = nodes[0].ask(&["INFO", "replication"])?;
        Ok((info.text().matches("state=online").count() == SERVERS - 1).then_some(()))
    })?;

    let watch = [
        format!("sentinel monitor {MASTER} 127.0.0.1 {master} {QUORUM}"),
        format!("sentinel down-after-milliseconds {MASTER} 500"),
        format!("sentinel failover-timeout {MASTER} 2000"),
    ];
    let start = |port: &u16| Node::sentinel(folder, &format!("sentinel-{port}"), Address::Port(*port), &watch);
    let mut watchers = sentinels.iter().map(start).collect::<Result<Vec<_>>>()?;
    watchers.iter_mut().try_for_each(Node::wait)?;
    wait::until("sentinels that see each other and the replicas", LIMIT, || {
        for watcher in &watchers {
            if !sees_all(watcher)? {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })?;
    nodes.extend(watchers);
    Ok(set(nodes).with("CONSTANCE_REDIS_SENTINEL_URL", url::sentinel(sentinels, MASTER)))
}

/// Whether this sentinel could lead a fail-over now: it knows a quorum, and replicas that are connected.
fn sees_all(sentinel: &Node) -> Result<bool> {
    let master = sentinel.ask(&["SENTINEL", "MASTER", MASTER])?;
    let replicas = sentinel.ask(&["SENTINEL", "REPLICAS", MASTER])?;
    let others = field(&master, "num-other-sentinels");
    let ready = |replica: &&Reply| field(replica, "flags") == "slave" && field(replica, "master-link-status") == "ok";
    Ok(field(&master, "flags") == "master"
        && others == (SENTINELS - 1).to_string()
        && replicas.items().iter().filter(ready).count() == SERVERS - 1)
}

/// The value after `name` in a list of names and values.
fn field<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.items().chunks(2).find(|pair| pair[0].text() == name).and_then(|pair| pair.get(1)).map_or("", Reply::text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_name_and_not_by_a_value() {
        let text = |text: &str| Reply::Text(text.to_owned());
        let reply = Reply::Array(vec![text("name"), text("flags"), text("flags"), text("slave"), text("odd")]);
        assert_eq!(field(&reply, "flags"), "slave");
        assert_eq!(field(&reply, "odd"), "");
        assert_eq!(field(&Reply::Nil, "flags"), "");
    }
}
