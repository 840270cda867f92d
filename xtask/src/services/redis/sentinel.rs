//! A master with two replicas, and three sentinels that elect another master within seconds.

use std::slice;

use constance_testserver::{Options, RedisServer};

use crate::error::Result;
use crate::services::set::Set;

use super::cli::{ask, wait_for};
use super::url;

/// The name under which the sentinels know the master.
const MASTER: &str = "mymaster";
const REPLICAS: usize = 2;
const SENTINELS: usize = 3;
const QUORUM: usize = 2;

pub(in crate::services) fn start() -> Result<Set> {
    // Replicas get their copy at once instead of after five seconds.
    let options = Options::default().settings(["--repl-diskless-sync-delay", "0"]);
    let master = RedisServer::try_start(&options)?;
    let port = master.port();
    let options = options.settings(["--replicaof", "127.0.0.1", &port.to_string()]);
    let mut servers = vec![master];
    for _ in 0..REPLICAS {
        servers.push(RedisServer::try_start(&options)?);
    }
    // Before the sentinels start, which then see the replicas at their first look, ten seconds earlier.
    wait_for(slice::from_ref(&servers[0]), "a master with its replicas online", |master| {
        Ok(ask(master, "INFO replication")?.matches("state=online").count() == REPLICAS)
    })?;

    let watch = format!(
        "sentinel monitor {MASTER} 127.0.0.1 {port} {QUORUM}\n\
         sentinel down-after-milliseconds {MASTER} 500\n\
         sentinel failover-timeout {MASTER} 2000"
    );
    let sentinels = (0..SENTINELS).map(|_| Ok(RedisServer::try_sentinel(&watch)?)).collect::<Result<Vec<_>>>()?;
    wait_for(&sentinels, "sentinels that see each other and the replicas", sees_all)?;
    let ports: Vec<u16> = sentinels.iter().map(RedisServer::port).collect();
    servers.extend(sentinels);
    Ok(Set::of(servers).with("CONSTANCE_REDIS_SENTINEL_URL", url::sentinel(&ports, MASTER)))
}

/// Whether this sentinel could lead a fail-over now: it knows a quorum, and replicas that are connected.
fn sees_all(sentinel: &RedisServer) -> Result<bool> {
    let master = ask(sentinel, &format!("SENTINEL MASTER {MASTER}"))?;
    let replicas = ask(sentinel, &format!("SENTINEL REPLICAS {MASTER}"))?;
    Ok(count(&master, "flags", "master") == 1
        && count(&master, "num-other-sentinels", &(SENTINELS - 1).to_string()) == 1
        && count(&replicas, "flags", "slave") == REPLICAS
        && count(&replicas, "master-link-status", "ok") == REPLICAS)
}

/// How often a name has this value in lines that are names and values in turn.
fn count(text: &str, name: &str, value: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines.chunks(2).filter(|pair| *pair == [name, value]).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_name_and_not_by_a_value() {
        let text = "name\nflags\nflags\nslave\nodd\n";
        assert_eq!(count(text, "flags", "slave"), 1);
        assert_eq!(count(text, "flags", "flags"), 0);
        assert_eq!(count("", "flags", ""), 0);
    }
}
