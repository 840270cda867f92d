//! memcached: one server, and two whose keys a client divides between them.

use constance_testserver::{MemcachedServer, Options};

use crate::error::Result;

use super::set::Set;

pub(super) fn start() -> Result<Set> {
    let start = || MemcachedServer::try_start(&Options::default());
    let (single, first, second) = (start()?, start()?, start()?);
    let url = single.url();
    let both = format!("{},127.0.0.1:{}", first.url(), second.port());
    let set = Set::of([single, first, second]);
    Ok(set.with("CONSTANCE_MEMCACHED_URL", url).with("CONSTANCE_MEMCACHED_SERVERS_URL", both))
}
