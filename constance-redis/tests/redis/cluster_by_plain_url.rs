//! A server in cluster mode under a URL of one server: every refusal says which URL it wants.

use crate::common::{Server, backend, key, read_all, set, shown, write};
use constance_core::{
    Backend, Error,
    backend::{Batch, Change},
};
use constance_redis::redis::cmd;

/// All slots on one server, so that single keys are served.
fn alone() -> Option<Server> {
    let server = Server::with(&[
        "--cluster-enabled",
        "yes",
        "--cluster-config-file",
        "nodes.conf",
        "--cluster-port",
        "{other}",
    ])?;
    cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(0).arg(16_383).exec(&mut server.raw()).expect("slots");
    crate::common::until("a cluster that serves every slot", || {
        let info: String = cmd("CLUSTER").arg("INFO").query(&mut server.raw()).ok()?;
        info.contains("cluster_state:ok").then_some(())
    });
    Some(server)
}

#[track_caller]
fn says_the_url(error: &Error) {
    assert!(!error.is_transient(), "{}", shown(error));
    assert!(error.to_string().contains("redis+cluster://"), "{}", shown(error));
}

#[test]
fn several_keys_say_which_url_a_cluster_wants() {
    let Some(server) = alone() else { return };
    let backend = backend(&server);
    write(&backend, "a", b"1").expect("one key is served");
    says_the_url(&read_all(&backend, &["a", "b"]).expect_err("two slots"));
    let both = Batch::new(vec![set("a", b"1"), Change::remove(key("b"))]).expect("two keys");
    says_the_url(&backend.write(&both).expect_err("two slots"));
}

#[cfg(feature = "cluster")]
#[test]
fn a_key_of_another_node_says_which_url_a_cluster_wants() {
    let Some(cluster) = crate::common::cluster::Cluster::start(false) else { return };
    let elsewhere = cluster.name_at(1);
    says_the_url(&crate::common::read(&backend(&cluster.nodes[0]), &elsewhere).expect_err("another node has it"));
    says_the_url(&write(&backend(&cluster.nodes[0]), &elsewhere, b"1").expect_err("another node has it"));
}

#[cfg(feature = "aio")]
#[tokio::test]
async fn several_keys_of_a_task_say_which_url_a_cluster_wants() {
    use constance_core::aio::AsyncBackend;

    let Some(server) = alone() else { return };
    let backend = crate::common::aio::long_timeouts(&server.url());
    crate::common::aio::write(&backend, "a", b"1").await.expect("one key is served");
    says_the_url(&crate::common::aio::read_all(&backend, &["a", "b"]).await.expect_err("two slots"));
    let both = Batch::new(vec![set("a", b"1"), Change::remove(key("b"))]).expect("two keys");
    says_the_url(&backend.write(&both).await.expect_err("two slots"));
}
