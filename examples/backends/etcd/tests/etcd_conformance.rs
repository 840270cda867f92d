//! The backend keeps the contract.

use std::path::Path;
use std::sync::LazyLock;

use constance_core::Registry;
use constance_core::aio::BlockOn;
use constance_core::testing::aio::{bridged, runtime};
use constance_etcd::EtcdBackend;
use constance_testserver::EtcdServer;

/// One server for all cases, which each have a key space of their own.
static SERVER: LazyLock<Option<EtcdServer>> = LazyLock::new(EtcdServer::start);

constance_core::async_conformance_tests!(|| Some(EtcdBackend::new([SERVER.as_ref()?.url()])));

constance_core::conformance_tests!(mod by_url: || {
    let url = SERVER.as_ref()?.url().replacen("http", "etcd", 1);
    Some(Registry::new().with(constance_etcd::schemes()).open(&url).expect("a valid URL"))
});

constance_core::unreachable_backend_tests!(mod unreachable: bridged(|| EtcdBackend::new(["http://127.0.0.1:1"])));

constance_core::persistence_tests!(mod persistent: |folder: &Path| {
    // The child process has to reach the server of its parent, and not one of its own.
    let file = folder.join("url");
    let url = match std::fs::read_to_string(&file) {
        Ok(url) => url,
        Err(_) => {
            let url = SERVER.as_ref()?.url();
            std::fs::write(&file, &url).expect("a folder that can be written to");
            url
        }
    };
    Some(BlockOn::new(EtcdBackend::new([url]), runtime().clone()))
});
