//! The PostgreSQL of the tests' own does what the failure tests ask of it.

use constance_diesel::diesel::PgConnection;

use crate::postgres_support::PostgresServer;

/// Asks for TLS: what a client says first, and every server answers with one byte.
const GREETING: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

server_cases!(
    PostgresServer,
    PgConnection,
    "SELECT 7::bigint AS number",
    &GREETING,
    |connection: &mut PgConnection| {
        assert_eq!(setting(connection, "fsync"), "on");
        assert_eq!(setting(connection, "synchronous_commit"), "on");
    }
);

fn setting(connection: &mut PgConnection, name: &str) -> String {
    word(connection, &format!("SELECT current_setting('{name}') AS word"))
}

#[test]
fn it_takes_settings_and_has_an_administrator() {
    let Some(server) = PostgresServer::with(&["max_connections=5", "work_mem=1MB"]) else { return };
    let mut user = connect(&server.url());
    assert_eq!(setting(&mut user, "max_connections"), "5");
    assert_eq!(setting(&mut user, "work_mem"), "1MB");
    assert_eq!(setting(&mut user, "is_superuser"), "off");
    let mut admin = connect(&server.admin_url());
    assert_eq!(setting(&mut admin, "is_superuser"), "on");
    let sql = "SELECT count(pg_terminate_backend(pid)) AS number FROM pg_stat_activity WHERE usename = 'constance'";
    assert_eq!(number(&mut admin, sql).expect("a row"), 1);
    number(&mut user, "SELECT 7::bigint AS number").expect_err("a connection that the server ended");
}
