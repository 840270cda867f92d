//! PostgreSQL killed under many callers.

use crate::postgres_support::{LONG, PostgresServer};
use constance_diesel::PostgresBackend;

#[test]
fn every_call_fails_at_once_when_the_server_is_killed() {
    let Some(mut server) = PostgresServer::start() else { return };
    let builder = PostgresBackend::builder().url(server.url()).pool_size(4).acquire_timeout(LONG);
    let backend = builder.build().expect("a valid URL");
    backend.migrate().expect("tables");
    crate::killed::nobody_waits(&backend, &mut server, PostgresServer::kill, PostgresServer::restart);
}
