//! The MariaDB of the tests' own does what the failure tests ask of it.

use std::io::Read as _;
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::time::Duration;

use constance_diesel::diesel::connection::SimpleConnection as _;
use constance_diesel::diesel::sql_types::{BigInt, Text};
use constance_diesel::diesel::{
    Connection as _, MysqlConnection, QueryResult, QueryableByName, RunQueryDsl as _, sql_query,
};

use constance_testserver::MariadbServer;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

fn connect(url: &str) -> MysqlConnection {
    // Else libmariadb would do it, with a handler that breaks the end of this process.
    constance_diesel::init_openssl();
    MysqlConnection::establish(url).expect("a connection")
}

fn number(connection: &mut MysqlConnection, sql: &str) -> QueryResult<i64> {
    sql_query(sql).get_result::<Number>(connection).map(|row| row.number)
}

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    let Some(mut server) = MariadbServer::start() else { return };
    let mut connection = connect(&server.url());
    let flushes = "SELECT CAST(@@innodb_flush_log_at_trx_commit AS SIGNED) AS number";
    assert_eq!(number(&mut connection, flushes).expect("a row"), 1);
    connection.batch_execute("CREATE TABLE a (n BIGINT); INSERT INTO a VALUES (42)").expect("a table");
    let port = server.port();
    server.kill();
    number(&mut connection, "SELECT n AS number FROM a").expect_err("the server is dead");
    constance_diesel::init_openssl();
    MysqlConnection::establish(&server.url()).map(drop).expect_err("nobody listens");
    // Not only once, and also while it runs.
    for _ in 0..2 {
        server.restart();
        assert_eq!(server.port(), port);
        let found = number(&mut connect(&server.url()), "SELECT n AS number FROM a");
        assert_eq!(found.expect("a row"), 42);
    }
}

#[test]
fn a_paused_server_is_silent_and_goes_on() {
    let Some(server) = MariadbServer::start() else { return };
    let mut connection = connect(&server.url());
    server.pause();
    let (sender, answers) = channel();
    std::thread::spawn(move || {
        let found = number(&mut connection, "SELECT 7 AS number");
        sender.send(found).expect("somebody listens");
    });
    let mut stranger = TcpStream::connect(("127.0.0.1", server.port())).expect("the system takes connections for it");
    stranger.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    stranger.read_exact(&mut [0]).expect_err("a paused server greets nobody");
    answers.try_recv().expect_err("nor does it answer on a connection that it has");

    server.resume();
    stranger.set_read_timeout(None).expect("no timeout");
    stranger.read_exact(&mut [0]).expect("a greeting");
    assert_eq!(answers.recv().expect("an answer").expect("a row"), 7);
}

#[test]
fn a_paused_server_can_be_killed_and_started_again() {
    let Some(mut server) = MariadbServer::start() else { return };
    let mut connection = connect(&server.url());
    server.pause();
    server.restart();
    number(&mut connection, "SELECT 7 AS number").expect_err("a connection to the server before");
    assert_eq!(number(&mut connect(&server.url()), "SELECT 7 AS number").expect("a row"), 7);
}

#[test]
fn it_takes_settings_and_has_an_administrator() {
    let Some(server) = MariadbServer::with(&["max_connections=15", "character_set_server=utf8mb4"]) else { return };
    let mut user = connect(&server.url());
    let most = "SELECT CAST(@@max_connections AS SIGNED) AS number";
    assert_eq!(number(&mut user, most).expect("a row"), 15);
    let charset = "SELECT @@character_set_database AS word";
    assert_eq!(sql_query(charset).get_result::<Word>(&mut user).expect("a row").word, "utf8mb4");
    user.batch_execute("CREATE DATABASE other").expect_err("no right of its owner");
    let mut admin = connect(&server.admin_url());
    admin.batch_execute("CREATE DATABASE other").expect("a database");
    let id = number(&mut user, "SELECT connection_id() AS number").expect("a row");
    admin.batch_execute(&format!("KILL {id}")).expect("a kill");
    number(&mut user, "SELECT 7 AS number").expect_err("a connection that the server ended");
}

#[test]
fn nothing_listens_after_the_end() {
    for paused in [false, true] {
        let Some(server) = MariadbServer::start() else { return };
        if paused {
            server.pause();
        }
        let port = server.port();
        drop(server);
        TcpStream::connect(("127.0.0.1", port)).map(drop).expect_err("nobody listens");
    }
}
