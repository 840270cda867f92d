//! Host names whose addresses a test chooses, since no system gives two addresses to a name on request.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};

use parking_lot::Mutex;

static NAMES: Mutex<Option<HashMap<String, Vec<SocketAddr>>>> = Mutex::new(None);

/// Makes [`resolve`](crate::addresses::resolve) return these addresses for a host name, whatever the port, in the whole process.
pub fn set_addresses(host: &str, addresses: Vec<SocketAddr>) {
    NAMES.lock().get_or_insert_default().insert(host.to_owned(), addresses);
}

/// Gives a host name two addresses. The first accepts connections and does not reply while the returned value lives. The second
/// is a server on this port.
///
/// # Errors
///
/// Where the system gives no port.
pub fn first_address_silent(host: &str, port: u16) -> std::io::Result<TcpListener> {
    let silent = TcpListener::bind(("127.0.0.1", 0))?;
    set_addresses(host, vec![silent.local_addr()?, SocketAddr::from(([127, 0, 0, 1], port))]);
    Ok(silent)
}

pub(crate) fn addresses_of(host: &str) -> Option<Vec<SocketAddr>> {
    NAMES.lock().as_ref()?.get(host).cloned()
}
