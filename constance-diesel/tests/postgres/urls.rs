//! What a URL says of the table, on PostgreSQL.

use constance_core::{Backend, ErrorKind, backend::Wake};
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::{Layout, PostgresBackend};

use crate::django_table;
use crate::postgres_support::{LONG, Schema, everywhere, shown, store, texts};
use crate::shop;
use crate::shop::{JSON, Shop};

#[test]
fn an_address_in_the_environment_reaches_djangos_table() {
    for (schema, _) in everywhere() {
        schema.raw().batch_execute(django_table::ON_POSTGRES).expect("Django's statements");
        for url in [
            format!("{}&layout=django", schema.url()),
            // In front of what libpq reads.
            schema.url().replacen('?', "?layout=django&", 1).replacen("postgres:", "postgresql:", 1),
        ] {
            schema.raw().batch_execute("TRUNCATE constance_constance").expect("an empty table");
            let config = shop::config(&url);
            config.migrate().expect("it is Django's table");
            config.set(Shop::THE_ANSWER, 43).expect("a set");
            let rows = "SELECT concat(key, value) AS text FROM constance_constance";
            assert_eq!(texts(&mut schema.raw(), rows), [format!("THE_ANSWER{JSON}")]);
            let live = shop::live(&config);
            assert_eq!(live.load().the_answer, 43);
            let save = "UPDATE constance_constance SET value = replace(value, '43', '44')";
            schema.raw().batch_execute(save).expect("a save in Django");
            shop::until_the_answer_is(&live, 44);
            assert_eq!(config.get(Shop::THE_ANSWER).expect("a get"), 44);
        }
        let made = format!("SELECT tablename::text AS text FROM pg_tables WHERE schemaname = '{}'", schema.name);
        assert_eq!(texts(&mut schema.raw(), &made), ["constance_constance"], "nothing is created");
    }
}

#[test]
fn a_service_follows_a_table_of_our_own_that_the_url_names() {
    let Some(schema) = Schema::new() else { return };
    let config = shop::config(&format!("{}&table=live%20settings&layout=own", schema.url()));
    config.migrate().expect("tables");
    let live = shop::live(&config);
    let rows = format!("INSERT INTO \"live settings\" (key, value, changed_at) VALUES ('THE_ANSWER', '{JSON}', now())");
    schema.raw().batch_execute(&rows).expect("another writer");
    shop::until_the_answer_is(&live, 43);
}

#[test]
fn the_listener_is_not_told_what_is_ours() {
    let Some(schema) = Schema::new() else { return };
    let url = format!("{}&table=named&layout=own", schema.url());
    let mut builder = PostgresBackend::builder().url(&url);
    if cfg!(feature = "listen") {
        // With this interval a feed that polls would look once, at its start.
        builder = builder.watch_interval(LONG * 100);
    }
    let backend = builder.build().expect("a valid URL");
    backend.migrate().expect("tables");
    let mut feed = backend.watch(&backend.default_prefix()).expect("a feed");
    std::thread::scope(|scope| {
        // A minute is long for a notification, and nothing to the interval.
        let waiting = scope.spawn(move || feed.wait(LONG / 10).expect("a wait"));
        store(&backend, "theme", b"dark");
        assert_eq!(waiting.join().expect("no panic"), Wake::Changed);
    });
}

#[test]
fn what_is_wrong_is_named_and_the_url_is_not_shown() {
    let url = |query: &str| format!("postgres://shop:hunter2@127.0.0.1/shop?{query}&sslmode=disable");
    let open = |query: &str| shop::open(&url(query)).map(drop).expect_err(query);
    let contradicting =
        PostgresBackend::builder().url(url("layout=django")).layout(Layout::Own).build().map(drop).expect_err("both");
    for (error, words) in [
        (open("layout=flask"), "the parameter layout of the URL names no layout; write layout=own or layout=django"),
        (open("table="), "the parameter table of the URL has no value; write table= and the table's name"),
        (contradicting, "the parameter layout of the URL contradicts the builder; leave one of the two out"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(error.to_string(), format!("cannot use postgres: {words}"));
        assert!(!shown(&error).contains("hunter2"), "{error:?}");
    }
}
