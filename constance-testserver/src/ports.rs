//! Ports that nobody listens on.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

/// Not those that the system gives to outgoing connections: while a server is down, one of them would take its port.
const PORTS: Range<u16> = 10_000..32_000;

/// A port of this machine that nobody listens on. Somebody else may take it before it is used.
///
/// # Panics
///
/// Where none is free.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Each test program begins somewhere else.
    let start = std::process::id().wrapping_mul(97);
    let count = u32::from(PORTS.end - PORTS.start);
    let next = || {
        let offset = start.wrapping_add(u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % count;
        u16::try_from(offset).map_or(PORTS.start, |offset| PORTS.start + offset)
    };
    PORTS.map(|_| next()).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port that is free")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_port_comes_twice() {
        let ports: BTreeSet<u16> = (0..50).map(|_| free_port()).collect();
        assert_eq!(ports.len(), 50);
        assert!(ports.iter().all(|port| PORTS.contains(port)));
    }
}
