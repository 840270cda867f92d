//! A server of which one address does not answer.

use std::net::TcpListener;
use std::time::Duration;

use crate::postgres_support::{PostgresServer, read, store, value};
use constance_core::Backend;
use constance_diesel::PostgresBackend;

/// libpq looks names up by itself, and gives each address of each host the whole connect timeout.
#[test]
fn the_other_address_of_a_server_has_time_left() {
    let Some(server) = PostgresServer::start() else { return };
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let url = server.url().replace("@127.0.0.1:", &format!("@127.0.0.1:{port},127.0.0.1:"));
    let builder = PostgresBackend::builder().url(url).connect_timeout(Duration::from_secs(2));
    let backend = builder.build().expect("a valid URL");
    backend.migrate().expect("tables");
    store(&backend, "a", b"1");
    assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
    backend.watch(&backend.default_prefix()).expect("a feed");
}
