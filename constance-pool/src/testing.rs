//! Names with addresses of a test's own: no system gives two addresses to a name on request.

use std::collections::HashMap;
use std::net::SocketAddr;

use parking_lot::Mutex;

static NAMES: Mutex<Option<HashMap<String, Vec<SocketAddr>>>> = Mutex::new(None);

/// From now on this name has these addresses, whatever port is asked for, in the whole process.
pub fn name(host: &str, addresses: Vec<SocketAddr>) {
    NAMES.lock().get_or_insert_default().insert(host.to_owned(), addresses);
}

pub(crate) fn addresses_of(host: &str) -> Option<Vec<SocketAddr>> {
    NAMES.lock().as_ref()?.get(host).cloned()
}
