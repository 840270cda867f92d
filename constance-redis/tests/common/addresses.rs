//! Host names with an address that does not reply.
#![allow(clippy::expect_used, dead_code, unreachable_pub)]

use std::net::{SocketAddr, TcpListener};

/// A host name whose first address accepts connections and does not reply while the returned value lives, and whose second
/// address is a server on this port.
pub fn half_silent(name: &str, port: u16) -> TcpListener {
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = silent.local_addr().expect("an address");
    constance_pool::testing::name(name, vec![address, SocketAddr::from(([127, 0, 0, 1], port))]);
    silent
}
