//! A name of which one address does not answer.

use std::time::Duration;

use crate::mysql_support::{read, store, value};
use constance_core::Backend;
use constance_diesel::MysqlBackend;
use constance_testserver::MariadbServer;

#[test]
fn the_other_address_of_a_server_has_time_left() {
    let Some(server) = MariadbServer::start() else { return };
    let _silent = constance_pool::testing::first_address_silent("mariadb.test", server.port()).expect("a port");
    let url = server.url().replace("@127.0.0.1:", "@mariadb.test:");
    let builder = MysqlBackend::builder().url(url).connect_timeout(Duration::from_secs(4));
    let backend = builder.build().expect("a valid URL");
    backend.migrate().expect("tables");
    store(&backend, "a", b"1");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    backend.watch(&backend.default_prefix()).expect("a feed");
}
