//! PostgreSQL that stands still. A program of its own: its threads are counted.
#![cfg(feature = "postgres")]
#![allow(clippy::expect_used)]

#[path = "common/frozen.rs"]
mod frozen;
mod postgres_support;

use std::time::Duration;

use constance_diesel::PostgresBackend;
use constance_diesel::diesel::PgConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};
use postgres_support::{LONG, PostgresServer};

#[test]
fn no_call_outlasts_its_timeout() {
    let Some(mut server) = PostgresServer::start() else { return };
    let soon = Duration::from_secs(1);
    let builder = PostgresBackend::builder().url(server.url()).acquire_timeout(LONG).statement_timeout(LONG);
    let backend = builder.connect_timeout(LONG).call_timeout(soon).build().expect("a valid URL");
    backend.migrate().expect("tables");
    frozen::every_call_ends(&backend, &mut server, |server| server.pause(), |server| server.resume());

    let manager = ConnectionManager::<PgConnection>::new(server.url());
    let pool = Pool::builder().max_size(4).min_idle(Some(0)).build_unchecked(manager);
    let backend = PostgresBackend::builder().pool(pool).call_timeout(soon).build().expect("valid options");
    frozen::every_call_ends(&backend, &mut server, |server| server.pause(), |server| server.resume());
}
