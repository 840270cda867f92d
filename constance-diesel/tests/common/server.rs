//! A server of the tests' own does what the failure tests ask of it: the cases that every kind of server has.

/// The cases of `$server`, with `connect` and `number` for those that are its own.
///
/// `$seven` gives 7 in its column `number`, `$greeting` is what a client says before a server answers, and `$durable` checks
/// that a commit is on the disk when it is acknowledged.
macro_rules! server_cases {
    ($server:ty, $connection:ty, $seven:expr, $greeting:expr, $durable:expr) => {
        use std::io::{Read as _, Write as _};
        use std::net::TcpStream;
        use std::sync::mpsc::channel;
        use std::time::Duration;

        use constance_diesel::diesel::connection::SimpleConnection as _;
        use constance_diesel::diesel::sql_types::{BigInt, Text};
        use constance_diesel::diesel::{Connection as _, QueryResult, QueryableByName, RunQueryDsl as _, sql_query};

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

        fn connect(url: &str) -> $connection {
            // Else the driver would do it, with a handler that breaks the end of this process.
            constance_diesel::init_openssl();
            <$connection>::establish(url).expect("a connection")
        }

        fn number(connection: &mut $connection, sql: &str) -> QueryResult<i64> {
            sql_query(sql).get_result::<Number>(connection).map(|row| row.number)
        }

        fn word(connection: &mut $connection, sql: &str) -> String {
            sql_query(sql).get_result::<Word>(connection).expect("a row").word
        }

        #[test]
        fn what_was_acknowledged_outlives_a_kill() {
            let Some(mut server) = <$server>::start() else { return };
            let mut connection = connect(&server.url());
            $durable(&mut connection);
            connection.batch_execute("CREATE TABLE a (n BIGINT); INSERT INTO a VALUES (42)").expect("a table");
            let port = server.port();
            server.kill();
            number(&mut connection, "SELECT n AS number FROM a").expect_err("the server is dead");
            <$connection>::establish(&server.url()).map(drop).expect_err("nobody listens");
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
            let Some(server) = <$server>::start() else { return };
            let mut connection = connect(&server.url());
            server.pause();
            let (sender, answers) = channel();
            std::thread::spawn(move || {
                let found = number(&mut connection, $seven);
                sender.send(found).expect("somebody listens");
            });
            let mut stranger =
                TcpStream::connect(("127.0.0.1", server.port())).expect("the system takes connections for it");
            stranger.write_all($greeting).expect("a greeting");
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
            let Some(mut server) = <$server>::start() else { return };
            let mut connection = connect(&server.url());
            server.pause();
            server.restart();
            number(&mut connection, $seven).expect_err("a connection to the server before");
            assert_eq!(number(&mut connect(&server.url()), $seven).expect("a row"), 7);
        }

        #[test]
        fn nothing_listens_after_the_end() {
            for paused in [false, true] {
                let Some(server) = <$server>::start() else { return };
                if paused {
                    server.pause();
                }
                let port = server.port();
                drop(server);
                TcpStream::connect(("127.0.0.1", port)).map(drop).expect_err("nobody listens");
            }
        }
    };
}
