//! The shared cache as the environment asks for it.

use constance_core::{Config, ErrorKind, Registry, Result, Settings};

use crate::common::server::Program;
use crate::common::until;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

fn config(variables: &[(&str, &str)]) -> Result<Config<Shop>> {
    let registry = Registry::new().with(constance_memory::schemes()).with_cache(constance_cache::from_env());
    Config::<Shop>::from_vars(&registry, |name| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        Ok(found
            .map(|(_, value)| (*value).to_owned())
            .or_else(|| (name == "CONSTANCE_BACKEND").then(|| "memory://".to_owned())))
    })
}

#[test]
fn the_cache_of_the_url_is_used() {
    for program in [Program::Memcached, Program::Redis] {
        let Some(server) = program.start() else { continue };
        let url = server.url();
        let variables = [("CONSTANCE_CACHE_BACKEND", &*url), ("CONSTANCE_AUTOFILL", "none")];
        // The environment says nothing of timeouts: a server on a busy machine may be late.
        until("hits and no errors", || {
            let config = config(&variables).expect("a config");
            config.set(Shop::THE_ANSWER, 43).ok()?;
            for _ in 0..3 {
                assert_eq!(config.get(Shop::THE_ANSWER).expect("a get"), 43);
            }
            let shown = format!("{:?}", config.backend());
            assert!(shown.starts_with("SharedCache") && shown.contains("autofill: None"), "{shown}");
            (!shown.contains("hits: 0") && shown.contains("cache_errors: 0")).then_some(())
        });
    }
}

#[test]
fn both_caches_stand_in_their_order() {
    let variables = [
        ("CONSTANCE_CACHE_BACKEND", "memcache://127.0.0.1:1"),
        ("CONSTANCE_CACHE_TTL", "60"),
        ("CONSTANCE_AUTOFILL", "60"),
    ];
    let shown = format!("{:?}", config(&variables).expect("a config").backend());
    assert!(shown.starts_with("LocalCache") && shown.contains("SharedCache"), "{shown}");
}

/// A feed tells of the store's changes, and the shared cache may go on with the value from before.
#[test]
fn nothing_is_kept_for_ever_over_a_shared_cache() {
    let variables = [("CONSTANCE_CACHE_BACKEND", "memcache://127.0.0.1:1"), ("CONSTANCE_CACHE_TTL", "none")];
    let error = config(&variables).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "CONSTANCE_CACHE_TTL: it is none, which keeps a value until a feed tells of its change, and the cache below may go \
         on answering with the value from before; give a number of seconds"
    );
}

#[test]
fn what_is_wrong_names_the_variable_and_no_password() {
    for (variable, value) in [
        ("CONSTANCE_CACHE_BACKEND", "locmem://hunter2"),
        ("CONSTANCE_CACHE_BACKEND", "redis://:hunter2@:x"),
        ("CONSTANCE_CACHE_BACKEND", "memcache://hunter2@127.0.0.1"),
        ("CONSTANCE_AUTOFILL", "hunter2"),
        ("CONSTANCE_CACHE_NAMESPACE", "hunter 2"),
    ] {
        let variables = [(variable, value), ("CONSTANCE_CACHE_BACKEND", "memcache://127.0.0.1")];
        let error = config(&variables).expect_err(value);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("CONSTANCE_CACHE_BACKEND"), "{error}");
        assert!(!error.to_string().contains("hunter"), "{error}");
    }
}
