//! The MariaDB of the tests' own does what the failure tests ask of it.

use constance_diesel::diesel::MysqlConnection;
use constance_testserver::MariadbServer;

// A server speaks first.
server_cases!(MariadbServer, MysqlConnection, "SELECT 7 AS number", b"", |connection: &mut MysqlConnection| {
    let flushes = "SELECT CAST(@@innodb_flush_log_at_trx_commit AS SIGNED) AS number";
    assert_eq!(number(connection, flushes).expect("a row"), 1);
});

#[test]
fn it_takes_settings_and_has_an_administrator() {
    let Some(server) = MariadbServer::with(&["max_connections=15", "character_set_server=utf8mb4"]) else { return };
    let mut user = connect(&server.url());
    let most = "SELECT CAST(@@max_connections AS SIGNED) AS number";
    assert_eq!(number(&mut user, most).expect("a row"), 15);
    assert_eq!(word(&mut user, "SELECT @@character_set_database AS word"), "utf8mb4");
    user.batch_execute("CREATE DATABASE other").expect_err("no right of its owner");
    let mut admin = connect(&server.admin_url());
    admin.batch_execute("CREATE DATABASE other").expect("a database");
    let id = number(&mut user, "SELECT connection_id() AS number").expect("a row");
    admin.batch_execute(&format!("KILL {id}")).expect("a kill");
    number(&mut user, "SELECT 7 AS number").expect_err("a connection that the server ended");
}
