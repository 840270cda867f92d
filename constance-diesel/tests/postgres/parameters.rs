//! What a URL of PostgreSQL asks of the session.

use crate::postgres_support::{Schema, User, everywhere, read, shown, store, value, write};
use constance_core::{Backend, ErrorKind};
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};

#[test]
fn a_search_path_that_leads_nowhere_is_named() {
    for (schema, mut admin) in everywhere() {
        let mut user = User::new(&mut admin, "");
        user.run(&format!("GRANT USAGE, CREATE ON SCHEMA {} TO {{user}}", schema.name));
        let base = schema.url();
        let base = &base[..base.rfind("options=").expect("a search path") - 1];
        let url = user.in_url(base);
        for path in ["''", "nobody"] {
            user.run(&format!("ALTER ROLE {{user}} SET search_path = {path}"));
            let backend = PostgresBackend::from_url(&url).expect("a valid URL");
            for (call, error) in [
                ("read", read(&backend, "theme").map(drop)),
                ("write", write(&backend, "theme", b"dark")),
                ("migrate", backend.migrate().map(drop)),
                ("pending", backend.pending().map(drop)),
                ("watch", backend.watch(&backend.default_prefix()).map(drop)),
            ] {
                let Err(error) = error else {
                    assert_eq!(call, "watch", "a feed may open, and say it at the first look");
                    continue;
                };
                assert_eq!(error.kind(), ErrorKind::Configuration, "{path}, {call}: {error}");
                assert!(error.to_string().contains("the search_path of the session leads to no schema"), "{error}");
                assert!(error.to_string().contains("options=-c%20search_path%3D"), "{error}");
            }
            // What is done about it holds for the next call.
            user.run(&format!("ALTER ROLE {{user}} SET search_path = {}", schema.name));
            backend.migrate().expect("there is a place now");
            store(&backend, "theme", b"dark");
            assert_eq!(read(&backend, "theme").expect("a read"), value(b"dark"));
        }
        let said = PostgresBackend::from_url(&user.in_url(&schema.url())).expect("a valid URL");
        user.run("ALTER ROLE {user} SET search_path = ''");
        assert_eq!(read(&said, "theme").expect("the URL names it"), value(b"dark"));
    }
}

#[test]
fn what_libpq_does_not_know_is_refused_at_build() {
    let url = |query: &str| format!("postgres://shop:hunter2@127.0.0.1/shop?{query}");
    for (query, words) in [
        ("pgbouncer=true", "the URL has the parameter pgbouncer, which libpq does not know; leave it out: a pooler is"),
        ("schema=shop", "the parameter schema, which libpq does not know; write options=-c%20search_path%3D"),
        ("search_path=shop", "write options=-c%20search_path%3D"),
        ("connection_limit=5", "give the builder a pool_size"),
        ("statement_timeout=5", "give the builder a statement_timeout"),
        ("foo=bar", "the URL has the parameter foo, which libpq does not know"),
        ("sslmode=no-verify", "write one of disable, allow, prefer, require, verify-ca, verify-full"),
        ("sslmode=require&sslmode=disable", "the URL has a parameter twice"),
        ("ssl=1", "write sslmode=require"),
    ] {
        let watching = || {
            let pool = Pool::builder().build_unchecked(ConnectionManager::new("postgres://127.0.0.1/shop"));
            PostgresBackend::builder().pool(pool).watch_url(url(query)).build()
        };
        let built = PostgresBackend::from_url(&url(query)).map(drop);
        for error in [built, crate::shop::open(&url(query)).map(drop), watching().map(drop)] {
            let error = error.expect_err(query);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{query}: {error}");
            assert!(!shown(&error).contains("hunter2"), "{error:?}");
        }
    }
}

#[test]
fn what_libpq_knows_is_not_refused() {
    for query in [
        "ssl=true",
        "hostaddr=127.0.0.1&port=5433&dbname=d",
        "sslnegotiation=direct&sslmode=verify-full",
        "service=shop",
    ] {
        PostgresBackend::from_url(&format!("postgres://h/d?{query}")).expect(query);
    }
    let Some(schema) = Schema::new() else { return };
    store(&schema.backend(), "theme", b"dark");
    // libpq itself knows the scheme in lower case alone.
    let url = format!(" {}&application_name=shop&keepalives=1\n", schema.url().replacen("postgres", "PostgreS", 1));
    let backend = crate::shop::open(&url).expect("a valid URL");
    assert_eq!(read(&*backend, "theme").expect("a read"), value(b"dark"));
}

#[test]
fn a_name_of_a_table_that_the_server_cuts_off_is_refused_at_build() {
    for (name, words) in [
        ("x".repeat(49), "more than 48 bytes"),
        ("\u{e9}".repeat(25), "more than 48 bytes"),
        ("a\0b".to_owned(), "control character"),
        (String::new(), "empty"),
    ] {
        let error = PostgresBackend::builder().url("postgres://shop:hunter2@h/d").table(&name).build().map(drop);
        let error = error.expect_err(&name);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(words) && !shown(&error).contains("hunter2"), "{error}");
    }
    for (schema, _) in everywhere() {
        for name in [" ", "caf\u{e9} \u{1f389} ", "a.b", "select", "\"'`", &*"x".repeat(48), "pg_settings_x"] {
            let backend = PostgresBackend::builder().url(schema.url()).table(name).build().expect(name);
            backend.migrate().expect(name);
            store(&backend, "theme", b"dark");
            assert_eq!(read(&backend, "theme").expect("a read"), value(b"dark"), "{name}");
        }
    }
}
