//! Looking up the addresses of a server, and trying them in turn.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};

/// Looks up the addresses of a host, in the order in which the system prefers them. It takes no longer than `timeout`; the
/// lookup of the system itself has no limit.
///
/// # Errors
///
/// `Unavailable` where the name is not known, `Timeout` where the lookup takes too long.
pub fn resolve(host: &str, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    #[cfg(feature = "testing")]
    if let Some(addresses) = crate::testing::addresses_of(host) {
        return Ok(addresses);
    }
    let unknown = || Error::new(ErrorKind::Unavailable).with_detail("the name of the server is not known");
    let host = host.to_owned();
    let look_up = move || (host.as_str(), port).to_socket_addrs().map(Vec::from_iter).map_err(|_| unknown());
    let mut addresses = crate::run_with_timeout(timeout, look_up)?;
    if addresses.is_empty() {
        return Err(unknown());
    }
    // The system gives an address once for each kind of socket.
    let mut seen = Vec::new();
    addresses.retain(|address| {
        !seen.contains(address) && {
            seen.push(*address);
            true
        }
    });
    Ok(addresses)
}

/// A host and a port as errors name them.
#[must_use]
pub fn location(host: &str, port: u16) -> String {
    // An IPv6 address has colons of its own.
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Tries the addresses in turn until a connection is made. Each gets a share of the time, so that one that does not answer
/// leaves time for the others.
///
/// # Errors
///
/// The first error other than `Unavailable` and `Timeout`, since it is the answer of a server. Otherwise the last failure.
pub fn try_each<T>(
    addresses: &[SocketAddr],
    end: Instant,
    mut connect: impl FnMut(SocketAddr, Duration) -> Result<T>,
) -> Result<T> {
    let mut failure = None;
    for (turn, address) in addresses.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let others = u32::try_from(addresses.len() - turn).unwrap_or(u32::MAX);
        match connect(*address, (left / others).max(Duration::from_millis(1))) {
            Ok(connection) => return Ok(connection),
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => failure = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(failure
        .unwrap_or_else(|| Error::new(ErrorKind::Timeout).with_detail("the server could not be reached in time")))
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    fn addresses(count: u16) -> Vec<SocketAddr> {
        (1..=count).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect()
    }

    fn end() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn one_that_does_not_answer_leaves_time_for_the_others() {
        let mut shares = Vec::new();
        let found = try_each(&addresses(3), end(), |address, share| {
            shares.push(share);
            if address.port() == 3 { Ok(address.port()) } else { Err(Error::new(ErrorKind::Timeout)) }
        });
        assert_eq!(found.expect("the last"), 3);
        assert!(shares[0] <= Duration::from_secs(20), "{shares:?}");
        assert!(shares[2] > Duration::from_secs(30), "{shares:?}");
    }

    #[test]
    fn what_a_server_answers_is_the_answer() {
        let mut asked = 0;
        let refused: Result<()> = try_each(&addresses(2), end(), |_, _| {
            asked += 1;
            Err(Error::new(ErrorKind::Denied))
        });
        assert_eq!((refused.expect_err("a refusal").kind(), asked), (ErrorKind::Denied, 1));
    }

    #[test]
    fn without_time_nothing_is_tried() {
        let late: Result<()> = try_each(&addresses(2), Instant::now(), |_, _| Ok(()));
        assert_eq!(late.expect_err("no time").kind(), ErrorKind::Timeout);
    }

    #[test]
    fn an_address_is_its_own() -> Result<()> {
        for host in ["127.0.0.1", "::1", "[::1]"] {
            assert_eq!(resolve(host, 7, Duration::ZERO)?.len(), 1, "{host}");
        }
        Ok(())
    }
}
