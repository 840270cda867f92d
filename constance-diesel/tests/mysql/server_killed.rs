//! MariaDB killed under many callers.

use std::time::Duration;

use constance_diesel::MysqlBackend;
use constance_testserver::MariadbServer;

#[test]
fn every_call_fails_at_once_when_the_server_is_killed() {
    let Some(mut server) = MariadbServer::start() else { return };
    let builder = MysqlBackend::builder().url(server.url()).pool_size(4).acquire_timeout(Duration::from_secs(600));
    let backend = builder.build().expect("a valid URL");
    backend.migrate().expect("tables");
    crate::killed::nobody_waits(&backend, &mut server, MariadbServer::kill, MariadbServer::restart);
}
