//! Making connections.

use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use constance_pool::addresses;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Connection, ConnectionAddr, ConnectionInfo, ConnectionLike, ProtocolVersion};

use crate::connection::TimedConnection;
use crate::error::{classify, retry_interrupted};

/// Makes a connection for calls. `timeout` covers all of it: the name lookup, connecting, TLS and the login.
pub(crate) fn connect(info: &ConnectionInfo, timeout: Duration, response_timeout: Duration) -> Result<TimedConnection> {
    TimedConnection::new(open(info.clone(), timeout)?, response_timeout, location(info.addr()))
}

/// How long sent bytes may stay unacknowledged before the system closes the connection.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes a connection for a watch. It is idle for long times, so the system has to notice when the server is gone.
pub(crate) fn connect_for_watch(info: &ConnectionInfo, timeout: Duration) -> Result<Connection> {
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(5)).with_interval(Duration::from_secs(2));
    let tcp = info.tcp_settings().clone().set_keepalive(keepalive);
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
    let tcp: TcpSettings = tcp.set_user_timeout(TCP_USER_TIMEOUT);
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    open(info.clone().set_tcp_settings(tcp).set_redis_settings(settings), timeout)
}

/// Limits how long one read from the socket and one write to it may take.
pub(crate) fn set_timeouts(connection: &Connection, timeout: Duration) -> Result<()> {
    let set = connection.set_read_timeout(Some(timeout)).and_then(|()| connection.set_write_timeout(Some(timeout)));
    set.map_err(|error| classify(&error).error)
}

/// Makes a connection. Where a name has several addresses, each gets a share of the time.
fn open(info: ConnectionInfo, timeout: Duration) -> Result<Connection> {
    crate::tls::install_crypto_provider(info.addr());
    let location = location(info.addr());
    let made = match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let end = Instant::now() + timeout;
            addresses::resolve(host, *port, timeout).and_then(|found| {
                addresses::try_each(&found, end, |address, share| {
                    let info = info.clone().set_addr(ConnectionAddr::Tcp(address.ip().to_string(), address.port()));
                    if found.len() > 1 {
                        // The driver applies the timeout to each reply of the handshake. Together they could take the time
                        // of the next address.
                        constance_pool::run_with_timeout(share, move || open_and_ping(info, share))
                    } else {
                        open_one(info, share)
                    }
                })
            })
        }
        // The certificate is for the name, so the driver has to look the name up itself, and it gives its timeout to each
        // address. It does not limit every kind of handshake.
        ConnectionAddr::TcpTls { host, port, .. } => addresses::resolve(host, *port, timeout).and_then(|found| {
            let share = timeout / u32::try_from(found.len()).unwrap_or(u32::MAX).max(1);
            constance_pool::run_with_timeout(timeout, move || open_one(info, share.max(Duration::from_millis(1))))
        }),
        _ => open_one(info, timeout),
    };
    made.map_err(|error| connect_error(error, &location))
}

/// The error of a failed connection, with the address.
pub(crate) fn connect_error(error: Error, location: &str) -> Error {
    let error = match error.kind() {
        ErrorKind::Timeout => error.with_detail("the server could not be reached in time"),
        _ => error,
    };
    error.with_location(location)
}

/// The address of a server, without a user.
pub(crate) fn location(addr: &ConnectionAddr) -> String {
    match addr {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => addresses::location(host, *port),
        other => other.to_string(),
    }
}

/// Also fails where a server accepts the connection and does not answer, so that the next address is tried.
fn open_and_ping(info: ConnectionInfo, timeout: Duration) -> Result<Connection> {
    let mut connection = open_one(info, timeout)?;
    set_timeouts(&connection, timeout)?;
    ping(&mut connection)?;
    Ok(connection)
}

fn open_one(info: ConnectionInfo, timeout: Duration) -> Result<Connection> {
    let made =
        redis::Client::open(info).and_then(|client| retry_interrupted(|| client.get_connection_with_timeout(timeout)));
    made.map_err(|error| classify(&error).error)
}

/// Checks that the server answers. An error of the server is an answer too.
pub(crate) fn ping(connection: &mut dyn ConnectionLike) -> Result<()> {
    match retry_interrupted(|| redis::cmd("PING").exec(connection)).map_err(|error| classify(&error)) {
        Err(failure) if failure.is_broken => Err(failure.error),
        _ => Ok(()),
    }
}
