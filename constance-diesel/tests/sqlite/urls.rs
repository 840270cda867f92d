//! What a URL says of the table, on SQLite.

use constance_core::{Backend, ErrorKind};
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};
use constance_diesel::diesel::sql_types::Text;
use constance_diesel::diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use constance_diesel::{Layout, SqliteBackend};

use crate::common::{Folder, read, store, value};
use crate::django_table;
use crate::shop;
use crate::shop::{JSON, Shop};

/// A file with Django's table, and its URL with a query.
fn made(query: &str) -> (Folder, String) {
    let folder = Folder::new();
    folder.raw().batch_execute(django_table::ON_SQLITE).expect("Django's statement");
    let url = format!("{}{query}", folder.url());
    (folder, url)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

fn texts(folder: &Folder, query: &str) -> Vec<String> {
    let rows = sql_query(query).load::<Row>(&mut folder.raw()).expect("a query");
    rows.into_iter().map(|row| row.text).collect()
}

#[test]
fn an_address_in_the_environment_reaches_djangos_table() {
    for query in ["?layout=django", "?mode=rw&layout=django", "?layout=django&table=constance_constance&mode=rwc"] {
        let (folder, url) = made(query);
        let config = shop::config(&url);
        config.migrate().expect("it is Django's table");
        config.set(Shop::THE_ANSWER, 43).expect("a set");
        assert_eq!(
            texts(&folder, "SELECT key || value AS text FROM constance_constance"),
            [format!("THE_ANSWER{JSON}")]
        );
        let live = shop::live(&config);
        assert_eq!(live.load().the_answer, 43, "{query}");
        let save = "UPDATE constance_constance SET value = replace(value, '43', '44')";
        folder.raw().batch_execute(save).expect("a save in Django");
        shop::until_the_answer_is(&live, 44);
        let made = texts(&folder, "SELECT name AS text FROM sqlite_master WHERE name LIKE 'constance%'");
        assert_eq!(made, ["constance_constance"], "{query}: nothing is created");
    }
}

#[test]
fn without_the_word_it_is_a_table_of_our_own() {
    for (query, table) in [
        ("", "constance_settings"),
        ("?layout=own", "constance_settings"),
        ("?table=a%20%22b%22", "a \"b\""),
        ("?layout=own&table=constance_own", "constance_own"),
    ] {
        let (folder, url) = made(query);
        let backend = shop::open(&url).expect("an address");
        backend.migrate().expect("tables");
        store(&*backend, "theme", b"\xff");
        assert_eq!(read(&*backend, "theme").expect("a read"), value(b"\xff"));
        let found = texts(&folder, "SELECT name AS text FROM sqlite_master WHERE type = 'table'");
        assert!(found.iter().any(|name| name == table), "{query}: {found:?}");
    }
}

#[test]
fn the_rest_of_the_query_is_the_databases() {
    let (_folder, url) = made("?layout=django&mode=ro");
    let error = shop::config(&url).set(Shop::THE_ANSWER, 43).expect_err("it can only be read");
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    let error = shop::open("sqlite:a?layout=django&cache=shared").map(drop).expect_err("not known");
    assert_eq!(
        error.to_string(),
        "cannot use sqlite: the URL has the parameter cache, which is not known; those that are known here are mode, layout, table, call_timeout"
    );
}

#[test]
fn a_wrong_value_is_named_and_the_url_is_not_shown() {
    for (url, words) in [
        ("sqlite:hunter2?layout=flask", "layout of the URL names no layout; write layout=own or layout=django"),
        ("sqlite:hunter2?mode=ro&layout", "layout of the URL names no layout; write layout=own or layout=django"),
        ("sqlite:hunter2?table=", "table of the URL has no value; write table= and the table's name"),
        ("sqlite:hunter2?table=a%0Ab", "the table's name holds a control character"),
        ("sqlite:hunter2?layout=own&layout=django", "the URL has the parameter layout twice; leave one of them out"),
    ] {
        let error = shop::open(url).map(drop).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().starts_with("cannot use sqlite: ") && error.to_string().ends_with(words), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    let long = format!("sqlite:hunter2?table={}", "x".repeat(49));
    assert!(shop::open(&long).map(drop).expect_err("too long").to_string().ends_with("more than 48 bytes"));
}

#[test]
fn the_builder_and_the_url_have_to_agree() {
    let (_folder, url) = made("?layout=django&table=constance_constance");
    let builder = || SqliteBackend::builder().url(&url);
    let agreeing = builder().layout(Layout::Django).table("constance_constance").build().expect("they agree");
    store(&agreeing, "theme", b"dark");
    for (contradicting, named) in [
        (builder().layout(Layout::Own), "layout"),
        (builder().table("constance_settings"), "table"),
        (builder().layout(Layout::Django).table("other"), "table"),
    ] {
        let error = contradicting.build().map(drop).expect_err(named);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let words = format!(
            "cannot use sqlite: the parameter {named} of the URL contradicts the builder; leave one of the two out"
        );
        assert_eq!(error.to_string(), words);
    }
}

#[test]
fn the_url_to_watch_says_it_for_a_pool() {
    let (folder, url) = made("?layout=django");
    let path = folder.file().display().to_string();
    let builder = || {
        let pool = Pool::builder().build_unchecked(ConnectionManager::<SqliteConnection>::new(path.as_str()));
        SqliteBackend::builder().pool(pool).watch_url(&url)
    };
    let backend = builder().build().expect("a pool and a URL");
    store(&backend, "theme", b"dark");
    assert_eq!(texts(&folder, "SELECT value AS text FROM constance_constance"), ["dark"]);
    backend.watch(&backend.default_prefix()).expect("a feed");
    assert!(builder().layout(Layout::Own).build().is_err(), "they contradict each other");
}
