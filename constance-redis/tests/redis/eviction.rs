//! A server that evicts settings. They read as their defaults; only a warning reports it.

use crate::common::{RIGHTS, Server, backend, long_timeouts};
use constance_core::{Backend, Config, Settings};
use constance_redis::redis::cmd;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

fn set_policy(server: &Server, policy: &str) {
    cmd("CONFIG").arg("SET").arg("maxmemory-policy").arg(policy).exec(&mut server.raw()).expect("a policy");
}

#[track_caller]
fn assert_warning(backend: &dyn Backend, expected: bool, policy: &str) {
    let config = Config::<Shop>::builder(backend).build_typed().expect("a config");
    let warnings = config.verify().expect("the store works");
    let shown: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let says = shown.iter().any(|words| words.contains("evicts") && words.contains("maxmemory-policy"));
    assert_eq!((says, shown.len()), (expected, usize::from(expected)), "{policy}: {shown:?}");
}

const POLICIES: [(&str, bool); 6] = [
    ("noeviction", false),
    ("volatile-lru", false),
    ("volatile-ttl", false),
    ("allkeys-lru", true),
    ("allkeys-lfu", true),
    ("allkeys-random", true),
];

#[test]
fn a_policy_that_evicts_settings_is_told() {
    let Some(server) = Server::start() else { return };
    let backend = backend(&server);
    for (policy, expected) in POLICIES {
        set_policy(&server, policy);
        assert_warning(&backend, expected, policy);
    }
}

#[test]
fn what_may_not_be_asked_is_no_failure() {
    let Some(server) = Server::start() else { return };
    set_policy(&server, "allkeys-lru");
    let mut command = cmd("ACL");
    command.arg(&["SETUSER", "settings", "on", ">hunter2", "resetkeys", "~constance:*"]);
    command.arg(RIGHTS.split(' ').collect::<Vec<_>>()).exec(&mut server.raw()).expect("a user");
    let url = format!("redis://settings:hunter2@127.0.0.1:{}/0", server.port());
    assert_warning(&long_timeouts(&url), false, "without the right to INFO");
    cmd("ACL").arg(&["SETUSER", "settings", "+info"]).exec(&mut server.raw()).expect("a right");
    assert_warning(&long_timeouts(&url), true, "with it");

    let renamed = Server::with(&["--rename-command", "INFO", ""]).expect("it is installed");
    assert_warning(&backend(&renamed), false, "without the command");
}

#[cfg(feature = "cluster")]
#[test]
fn each_node_of_a_cluster_is_asked() {
    let Some(cluster) = crate::common::cluster::Cluster::start(false) else { return };
    let backend = long_timeouts(&cluster.url());
    assert_warning(&backend, false, "none");
    set_policy(&cluster.nodes[1], "allkeys-lru");
    assert_warning(&backend, true, "one of three");
    set_policy(&cluster.nodes[2], "allkeys-lru");
    assert_warning(&backend, true, "said once");
}

#[cfg(feature = "aio")]
#[tokio::test]
async fn tasks_are_told_too() {
    use constance_core::aio::AsyncConfig;

    let Some(server) = Server::start() else { return };
    let config = AsyncConfig::<Shop>::new(crate::common::aio::long_timeouts(&server.url()));
    for (policy, expected) in POLICIES {
        set_policy(&server, policy);
        assert_eq!(!config.verify().await.expect("the store works").is_empty(), expected, "{policy}");
    }
}
