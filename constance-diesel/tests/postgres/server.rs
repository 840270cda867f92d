//! The PostgreSQL of the tests' own does what the failure tests ask of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::time::Duration;

use constance_diesel::diesel::connection::SimpleConnection as _;
use constance_diesel::diesel::sql_types::{BigInt, Text};
use constance_diesel::diesel::{
    Connection as _, PgConnection, QueryResult, QueryableByName, RunQueryDsl as _, sql_query,
};

use crate::postgres_support::PostgresServer;

/// Asks for TLS: what a client says first, and every server answers with one byte.
const GREETING: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

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

fn connect(url: &str) -> PgConnection {
    // Else libpq would do it, with a handler that breaks the end of this process.
    constance_diesel::init_openssl();
    PgConnection::establish(url).expect("a connection")
}

fn number(connection: &mut PgConnection, sql: &str) -> QueryResult<i64> {
    sql_query(sql).get_result::<Number>(connection).map(|row| row.number)
}

fn setting(connection: &mut PgConnection, name: &str) -> String {
    sql_query(format!("SELECT current_setting('{name}') AS word")).get_result::<Word>(connection).expect("a row").word
}

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    let Some(mut server) = PostgresServer::start() else { return };
    let mut connection = connect(&server.url());
    assert_eq!(setting(&mut connection, "fsync"), "on");
    assert_eq!(setting(&mut connection, "synchronous_commit"), "on");
    connection.batch_execute("CREATE TABLE a (n bigint); INSERT INTO a VALUES (42)").expect("a table");
    let port = server.port();
    server.kill();
    number(&mut connection, "SELECT n AS number FROM a").expect_err("the server is dead");
    constance_diesel::init_openssl();
    PgConnection::establish(&server.url()).map(drop).expect_err("nobody listens");
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
    let Some(server) = PostgresServer::start() else { return };
    let mut connection = connect(&server.url());
    server.pause();
    let (sender, answers) = channel();
    std::thread::spawn(move || {
        let found = number(&mut connection, "SELECT 7::bigint AS number");
        sender.send(found).expect("somebody listens");
    });
    let mut stranger = TcpStream::connect(("127.0.0.1", server.port())).expect("the system takes connections for it");
    stranger.write_all(&GREETING).expect("a greeting");
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
    let Some(mut server) = PostgresServer::start() else { return };
    let mut connection = connect(&server.url());
    server.pause();
    server.restart();
    number(&mut connection, "SELECT 7::bigint AS number").expect_err("a connection to the server before");
    assert_eq!(number(&mut connect(&server.url()), "SELECT 7::bigint AS number").expect("a row"), 7);
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

#[test]
fn nothing_listens_after_the_end() {
    for paused in [false, true] {
        let Some(server) = PostgresServer::start() else { return };
        if paused {
            server.pause();
        }
        let port = server.port();
        drop(server);
        TcpStream::connect(("127.0.0.1", port)).map(drop).expect_err("nobody listens");
    }
}
