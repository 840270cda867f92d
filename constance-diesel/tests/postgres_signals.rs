//! A signal while PostgreSQL is waited for. A program of its own with one test: it stops itself.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::expect_used)]

#[path = "common/signals.rs"]
mod signals;

use constance_diesel::PostgresBackend;
use constance_testserver::PostgresServer;
use signals::{LONG, what_waits_is_answered};

#[test]
fn a_signal_cuts_no_call_short() {
    let Some(server) = PostgresServer::start() else { return };
    let builder = PostgresBackend::builder().url(server.url()).acquire_timeout(LONG).statement_timeout(LONG);
    let backend = builder.connect_timeout(LONG).call_timeout(LONG).build().expect("a valid URL");
    what_waits_is_answered(&backend, || server.pause(), || server.resume());
}
