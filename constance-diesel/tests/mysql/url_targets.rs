//! Where the URL of MySQL or MariaDB leads, and what the server's limits are called.

use crate::mysql_support::{Place, number, raw, read, shown, store, value};
use constance_core::{Backend, ErrorKind};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_testserver::MariadbServer;

#[test]
fn with_a_port_localhost_is_not_the_socket_of_the_system() {
    for place in Place::each() {
        let (start, rest) = place.url.split_at(place.url.rfind('@').expect("a user") + 1);
        let Some(rest) = rest.strip_prefix("127.0.0.1:") else { continue };
        let table = place.table.replace(' ', "%20").replace('`', "%60");
        let mark = if rest.contains('?') { '&' } else { '?' };
        let url = format!("{start}localhost:{rest}{mark}table={table}");
        for url in [url.clone(), url.replacen("mysql:", "MariaDB:", 1) + "\n"] {
            let backend = crate::shop::open(&url).expect("a valid URL");
            backend.migrate().expect("it is the server at that port");
            store(&*backend, "theme", b"dark");
            let rows = format!("SELECT COUNT(*) AS number FROM {}", place.quoted());
            assert_eq!(number(&mut raw(&place.url), &rows), 1);
            place.run("DELETE FROM {}");
        }
    }
}

#[test]
fn a_name_of_a_table_that_the_server_refuses_is_refused_at_build() {
    for (name, encoded, words) in [
        (" ", "%20", "ends in a space"),
        ("settings ", "settings%20", "ends in a space"),
        ("\u{1f389}", "%F0%9F%8E%89", "beyond U+FFFF"),
        ("caf\u{e9} \u{1f389}", "\u{1f389}", "beyond U+FFFF"),
        ("#mysql50#a", "%23mysql50%23a", "begins with #mysql50#"),
        ("a\0b", "a%00b", "control character"),
        (&*"x".repeat(49), &*"x".repeat(49), "more than 48 bytes"),
    ] {
        let url = "mysql://shop:hunter2@127.0.0.1/shop";
        for built in [
            MysqlBackend::builder().url(url).table(name).build(),
            MysqlBackend::from_url(&format!("{url}?table={encoded}")),
        ] {
            let error = built.map(drop).expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words) && !shown(&error).contains("hunter2"), "{name}: {error}");
        }
    }
}

#[test]
fn a_name_that_is_not_refused_is_one_that_the_server_takes() {
    for url in crate::mysql_support::urls() {
        let longest = "x".repeat(48);
        // In a file's name each of them takes five bytes.
        let widest = "-".repeat(48);
        let names = [
            " a",
            "caf\u{e9}",
            "\u{ffff}",
            "\u{3042}",
            "a.b",
            "a/b",
            "/",
            ".",
            "\\",
            "select",
            "'\"`",
            "#sql",
            "a\u{a0}",
        ];
        for name in names.into_iter().chain([&*longest, &*widest]) {
            let place = Place { url: url.clone(), table: name.to_owned() };
            let backend = place.backend();
            store(&backend, "theme", b"dark");
            assert_eq!(read(&backend, "theme").expect(name), value(b"dark"), "{name}");
        }
    }
}

#[test]
fn no_room_for_a_prepared_statement_is_named_with_the_way_out() {
    let Some(server) = MariadbServer::start() else { return };
    let backend = MysqlBackend::from_url(&server.url()).expect("a valid URL");
    backend.migrate().expect("tables");
    store(&backend, "theme", b"dark");
    // Opened now: diesel's own statements on a new connection are prepared ones.
    let mut admin = raw(&server.admin_url());
    let mut most = |count: u32| {
        admin.batch_execute(&format!("SET GLOBAL max_prepared_stmt_count = {count}")).expect("a setting");
    };
    most(0);
    let fresh = MysqlBackend::from_url(&server.url()).expect("a valid URL");
    for error in [
        // Over a connection that is there, which has prepared other statements.
        backend.list(&backend.default_prefix()).map(drop),
        // Over a new one.
        read(&fresh, "theme").map(drop),
        crate::mysql_support::write(&fresh, "theme", b"light"),
        fresh.migrate().map(drop),
    ] {
        let error = error.expect_err("there is no room");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.is_transient());
        assert!(error.to_string().contains("raise max_prepared_stmt_count on the server"), "{error}");
        let cause = error.cause().expect("a cause").to_string();
        assert!(cause.starts_with("mysql 1461: "), "{cause}");
    }
    most(1_000);
    assert_eq!(read(&fresh, "theme").expect("there is room again"), value(b"dark"));
}
