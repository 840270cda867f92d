//! Redis killed under many callers.

use std::time::Duration;

use crate::common::Server;
use constance_redis::RedisBackend;

#[test]
fn every_call_fails_at_once_when_the_server_is_killed() {
    let Some(mut server) = Server::start() else { return };
    let builder = RedisBackend::builder().url(server.url()).pool_size(4).acquire_timeout(Duration::from_secs(600));
    let backend = builder.build().expect("a valid URL");
    crate::killed::nobody_waits(&backend, &mut server, |server| server.kill(), |server| server.restart());
}
