//! Names of which one address does not answer.
#![allow(clippy::expect_used, dead_code, unreachable_pub)]

use std::net::{SocketAddr, TcpListener};

/// A name whose first address takes connections and says nothing, for as long as what is given back lives, and whose second
/// is a server on this port.
pub fn half_silent(name: &str, port: u16) -> TcpListener {
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = silent.local_addr().expect("an address");
    constance_pool::testing::name(name, vec![address, SocketAddr::from(([127, 0, 0, 1], port))]);
    silent
}
