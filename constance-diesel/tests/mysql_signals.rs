//! A signal while MySQL is waited for. A program of its own with one test: it stops itself.
#![cfg(all(unix, feature = "mysql"))]
#![allow(clippy::expect_used)]

#[path = "common/signals.rs"]
mod signals;

use constance_diesel::MysqlBackend;
use constance_testserver::MariadbServer;
use signals::{LONG, what_waits_is_answered};

#[test]
fn a_signal_cuts_no_call_short() {
    let Some(server) = MariadbServer::start() else { return };
    let builder = MysqlBackend::builder().url(server.url()).acquire_timeout(LONG).statement_timeout(LONG);
    let backend = builder.connect_timeout(LONG).call_timeout(LONG).build().expect("a valid URL");
    what_waits_is_answered(&backend, || server.pause(), || server.resume());
}
