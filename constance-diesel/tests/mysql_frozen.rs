//! MariaDB that stands still. A program of its own: its threads are counted.
#![cfg(feature = "mysql")]
#![allow(clippy::expect_used)]

#[path = "common/frozen.rs"]
mod frozen;
mod mysql_support;

use std::time::Duration;

use constance_diesel::MysqlBackend;
use constance_testserver::MariadbServer;

#[test]
fn no_call_outlasts_its_timeout() {
    let Some(mut server) = MariadbServer::start() else { return };
    let (soon, long) = (Duration::from_secs(1), Duration::from_secs(600));
    let builder = MysqlBackend::builder().url(server.url()).acquire_timeout(long).statement_timeout(long);
    let backend = builder.connect_timeout(long).call_timeout(soon).build().expect("a valid URL");
    backend.migrate().expect("tables");
    frozen::every_call_ends(&backend, &mut server, |server| server.pause(), |server| server.resume());
}
