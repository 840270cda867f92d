//! What a URL says of the table, on MySQL and MariaDB.

use constance_core::{Backend, ErrorKind};
use constance_diesel::{Layout, MysqlBackend};

use crate::django_table;
use crate::mysql_support::{Place, raw, read, shown, store, texts, value};
use crate::shop;
use crate::shop::{JSON, Shop};

/// The server's URL with a query that names the table of the test.
fn url(place: &Place, more: &str) -> String {
    let mark = if place.url.contains('?') { '&' } else { '?' };
    let table = place.table.replace(' ', "%20").replace('`', "%60");
    format!("{}{mark}table={table}{more}", place.url)
}

#[test]
fn an_address_in_the_environment_reaches_djangos_table() {
    for place in Place::each() {
        place.run(&django_table::ON_MYSQL.replace("`constance_constance`", "{}"));
        let url = url(&place, "&layout=django");
        for url in [url.replacen("mysql:", "mariadb:", 1), url] {
            place.run("DELETE FROM {}");
            let config = shop::config(&url);
            config.migrate().expect("it is Django's table");
            config.set(Shop::THE_ANSWER, 43).expect("a set");
            let rows = format!("SELECT CONCAT(`key`, `value`) AS text FROM {}", place.quoted());
            assert_eq!(texts(&mut raw(&place.url), &rows), [format!("THE_ANSWER{JSON}")]);
            let live = shop::live(&config);
            assert_eq!(live.load().the_answer, 43);
            place.run("UPDATE {} SET `value` = REPLACE(`value`, '43', '44')");
            shop::until_the_answer_is(&live, 44);
            assert_eq!(config.get(Shop::THE_ANSWER).expect("a get"), 44);
        }
    }
}

#[test]
fn without_the_word_it_is_a_table_of_our_own() {
    for place in Place::each() {
        for more in ["", "&layout=own"] {
            let backend = shop::open(&url(&place, more)).expect("an address");
            backend.migrate().expect("tables");
            store(&*backend, "theme", b"\xff");
            assert_eq!(read(&*backend, "theme").expect("a read"), value(b"\xff"));
            backend.watch(&backend.default_prefix()).expect("a feed");
        }
    }
}

#[test]
fn what_is_wrong_is_named_and_the_url_is_not_shown() {
    let url = |query: &str| format!("mysql://shop:hunter2@127.0.0.1/shop?{query}");
    let open = |query: &str| shop::open(&url(query)).map(drop).expect_err(query);
    let contradicting =
        MysqlBackend::builder().url(url("layout=django")).layout(Layout::Own).build().map(drop).expect_err("both");
    let known =
        "those that are known here are unix_socket, ssl_mode, ssl_ca, ssl_cert, ssl_key, layout, table, call_timeout";
    for (error, words) in [
        (open("layout=flask"), "the parameter layout of the URL names no layout; write layout=own or layout=django"),
        (open("table="), "the parameter table of the URL has no value; write table= and the table's name"),
        (
            open("layout=django&charset=utf8"),
            &*format!("the URL has the parameter charset, which is not known; {known}"),
        ),
        (contradicting, "the parameter layout of the URL contradicts the builder; leave one of the two out"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(error.to_string(), format!("cannot use mysql: {words}"));
        assert!(!shown(&error).contains("hunter2"), "{error:?}");
    }
}
