//! Ports that nobody listens on.

use std::net::{Ipv4Addr, TcpListener};

use crate::error::{Error, Result};

/// A cluster node talks to the others on its port plus this. It can be told another since Redis 7; older ones cannot.
const BUS: u16 = 10_000;

/// A free port. Somebody else may take it before the server does: whoever starts it tries again.
pub(super) fn one() -> Result<u16> {
    Ok(free(1)?.into_iter().next().unwrap_or_default())
}

/// `count` different free ports, with the same reserve.
pub(super) fn free(count: usize) -> Result<Vec<u16>> {
    // All are held until the last is found, so that none comes twice.
    let held = (0..count).map(|_| listen(0)).collect::<Result<Vec<_>>>()?;
    held.iter().map(port_of).collect()
}

/// `count` different free ports whose bus ports are free too.
pub(super) fn free_for_cluster(count: usize) -> Result<Vec<u16>> {
    let mut held = Vec::new();
    let mut ports = Vec::new();
    for _ in 0..count * 50 {
        if ports.len() == count {
            return Ok(ports);
        }
        let client = listen(0)?;
        let port = port_of(&client)?;
        // What does not fit is held as well: else the system might offer the same port again.
        held.push(client);
        if let Some(Ok(bus)) = port.checked_add(BUS).map(listen) {
            held.push(bus);
            ports.push(port);
        }
    }
    Err(Error::failed(format!("cannot find {count} free ports whose ports plus {BUS} are free too")))
}

fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| Error::failed(format!("cannot find a free port: {error}")))
}

fn port_of(listener: &TcpListener) -> Result<u16> {
    let addr = listener.local_addr().map_err(|error| Error::failed(format!("cannot find a free port: {error}")))?;
    Ok(addr.port())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ports_are_different() {
        let ports: BTreeSet<u16> = free(20).unwrap().into_iter().collect();
        assert_eq!(ports.len(), 20);
        assert!(!ports.contains(&0));
    }

    #[test]
    fn a_cluster_port_has_room_for_its_bus() {
        let ports = free_for_cluster(6).unwrap();
        let all: BTreeSet<u16> = ports.iter().flat_map(|port| [*port, port + BUS]).collect();
        assert_eq!(all.len(), 12);
    }
}
