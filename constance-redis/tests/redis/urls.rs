//! Every part of a URL is used or is an error.

use std::time::Duration;

use crate::common::{Server, key, read, shown, value, write};
use constance_core::{Backend, ErrorKind, Registry, Result};
use constance_redis::redis::{self, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use constance_redis::{RedisBackend, RedisBackendBuilder, RedisOptions};

/// As the environment names it.
fn open(url: &str) -> Result<std::sync::Arc<dyn Backend>> {
    Registry::new().with(constance_redis::schemes()).open(url)
}

/// Whether a database of the server has the key.
fn has(server: &Server, db: u32, name: &str) -> bool {
    let mut raw = server.raw();
    redis::cmd("SELECT").arg(db).exec(&mut raw).expect("a database");
    redis::cmd("EXISTS").arg(key(name).as_str()).query(&mut raw).expect("an answer")
}

#[test]
fn the_database_of_the_query_is_the_one_that_is_used() {
    let Some(server) = Server::with(&["--unixsocket", "{folder}/redis.sock"]) else { return };
    let socket = server.folder().join("redis.sock");
    let tcp = format!("127.0.0.1:{}", server.port());
    for (name, url) in [
        ("in_the_query", format!("redis://{tcp}?db=3")),
        ("in_both", format!("valkey://{tcp}/3?db=3&socket_timeout=5&max_connections=2")),
        ("of_a_mounted_file", format!(" REDIS://{tcp}/3\r\n")),
        ("of_a_socket", format!("redis+unix://{}?db=3", socket.display())),
        ("of_the_python_client", format!("Unix://{}?db=3\n", socket.display())),
    ] {
        for backend in [open(&url).expect(name), std::sync::Arc::new(RedisBackend::from_url(&url).expect(name))] {
            write(&*backend, name, b"1").expect("a write");
            assert!(has(&server, 3, name) && !has(&server, 0, name), "{name}");
        }
    }
}

#[test]
fn the_user_of_the_query_is_the_one_who_logs_in() {
    let Some(server) = Server::with(&["--unixsocket", "{folder}/redis.sock"]) else { return };
    let socket = server.folder().join("redis.sock");
    redis::cmd("ACL")
        .arg(&["SETUSER", "shop", "on", ">p@ss", "~constance:*", "+@all"])
        .exec(&mut server.raw())
        .expect("a user");
    redis::cmd("ACL").arg(&["SETUSER", "default", "off"]).exec(&mut server.raw()).expect("a user");
    let tcp = format!("127.0.0.1:{}", server.port());
    for url in [
        format!("redis://{tcp}?username=shop&password=p%40ss"),
        format!("redis://{tcp}/0?user=shop&pass=p%40ss&protocol=3"),
        format!("redis://shop@{tcp}?password=p%40ss"),
        format!("unix://{}?username=shop&password=p%40ss", socket.display()),
        format!("redis+unix://shop:p%40ss@{}", socket.display()),
    ] {
        let backend = RedisBackend::from_url(&url).expect("a valid URL");
        write(&backend, "a", b"1").expect(&url);
        assert_eq!(read(&backend, "a").expect("a read"), value(b"1"));
        assert!(!format!("{backend:?}").contains("p@ss"), "{backend:?}");
    }
}

/// URLs that must not be shown, and a word of the message.
const ODD: &[(&str, &str)] = &[
    ("redis://default:57#hunter2@127.0.0.1:6379/0", "%23"),
    ("redis://default:57?hunter2@127.0.0.1:6379/0", "%3F"),
    ("redis://default:57/hunter2@127.0.0.1:6379/0", "%2F"),
    ("redis://default:57?db=hunter2", "the parameter db"),
    ("redis+unix:///:hunter2@/run/redis.sock", "%40"),
    ("redis+unix:///hunter2/", "no socket"),
    ("redis://shop:@127.0.0.1", "the password is empty"),
    ("redis://shop@127.0.0.1", "the password is missing"),
    ("redis://127.0.0.1?username=shop", "the password is missing"),
    ("redis://:@127.0.0.1", "the password is empty"),
    ("redis://:hunter2@127.0.0.1?password=hunter3", "two passwords"),
    ("redis://:hunter2@127.0.0.1/0?db=3", "two databases"),
    ("redis://127.0.0.1?decode_responses=True", "the parameter decode_responses, which is not known"),
    ("redis://127.0.0.1?hunter2=1", "a parameter that is not known"),
    ("redis://:hunter 2@127.0.0.1", "white space"),
    ("redis://:hunter\n2@127.0.0.1", "white space"),
    ("redis+cluster://shop@h1,h2", ""),
    ("redis+cluster://:hunter2#x@h1,h2", ""),
    ("redis+sentinel://:hunter2@h1,h2/m/0?db=1", ""),
    ("redis+sentinel://:57?hunter2@h1/m", ""),
    ("HUNTER2://x", "a scheme of Redis"),
];

#[test]
fn odd_urls_are_refused_and_nothing_of_them_is_shown() {
    for (url, words) in ODD {
        let builder = RedisBackend::builder().url(*url);
        assert!(!format!("{builder:?}").contains("unter") && !format!("{builder:?}").contains("57"), "{builder:?}");
        let error = builder.build().map(drop).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
        assert!(error.to_string().contains(words), "{url}: {error}");
        let registered = open(url).map(drop).expect_err(url);
        assert_eq!(registered.kind(), ErrorKind::Configuration);
        for error in [error, registered] {
            let shown = shown(&error).to_lowercase();
            assert!(!shown.contains("hunter2@") && !shown.contains(":57") && !shown.contains("hunter3"), "{shown}");
            assert!(url.starts_with("HUNTER2") || !shown.contains("hunter"), "{shown}");
        }
    }
}

#[test]
#[cfg(feature = "aio")]
fn the_asynchronous_backend_reads_urls_alike() -> Result<()> {
    use constance_redis::aio::AsyncRedisBackend;

    for (url, words) in ODD {
        let builder = AsyncRedisBackend::builder().url(*url);
        assert!(!format!("{builder:?}").contains("unter"), "{builder:?}");
        let error = builder.build().map(drop).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
        assert!(error.to_string().contains(words), "{url}: {error}");
        assert!(!shown(&error).contains("hunter"), "{error:?}");
    }
    let backend = AsyncRedisBackend::from_url(" REDIS://h?db=3&username=shop&password=hunter2&socket_timeout=5\n")?;
    let shown = format!("{backend:?}");
    assert!(shown.contains("db: 3") && shown.contains("shop") && shown.contains("response_timeout: 5s"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    #[cfg(feature = "cluster")]
    {
        let error = AsyncRedisBackend::from_url("redis+cluster://h1,h2").map(drop).expect_err("a group");
        assert!(error.to_string().contains("connects to one server"), "{error}");
    }
    Ok(())
}

#[test]
fn half_a_login_is_refused_however_it_is_given() {
    let info = |settings: RedisConnectionInfo| -> ConnectionInfo {
        let info = ("127.0.0.1", 6379).into_connection_info().expect("an address");
        info.set_redis_settings(settings)
    };
    let mut options = RedisOptions::default();
    options.username = Some("shop".to_owned());
    let mut empty = RedisOptions::default();
    empty.password = Some(String::new());
    for (builder, words) in [
        (RedisBackend::builder().options(options), "the password is missing"),
        (RedisBackend::builder().options(empty), "the password is empty"),
        (
            RedisBackend::builder().connection_info(info(RedisConnectionInfo::default().set_username("shop"))),
            "the password is missing",
        ),
        (
            RedisBackend::builder().connection_info(info(RedisConnectionInfo::default().set_password(""))),
            "the password is empty",
        ),
    ] {
        let error = builder.build().map(drop).expect_err(words);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn the_url_and_the_builder_have_to_agree() {
    let of = |query: &str| RedisBackend::builder().url(format!("redis://127.0.0.1?{query}"));
    let seconds = Duration::from_secs;
    for agreeing in [
        of("socket_timeout=5").response_timeout(seconds(5)),
        of("socket_timeout=5").connect_timeout(seconds(1)),
        of("max_connections=3").pool_size(3),
    ] {
        agreeing.build().expect("they agree");
    }
    let contradicting: [(RedisBackendBuilder, &str); 4] = [
        (of("socket_timeout=5").response_timeout(seconds(2)), "socket_timeout"),
        (of("socket_connect_timeout=5").connect_timeout(seconds(2)), "socket_connect_timeout"),
        (of("timeout=5").acquire_timeout(seconds(3)), "timeout"),
        (of("max_connections=3").pool_size(8), "max_connections"),
    ];
    for (builder, named) in contradicting {
        let error = builder.build().map(drop).expect_err(named);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let words = format!("the parameter {named} of the URL contradicts the builder; leave one of the two out");
        assert_eq!(error.to_string(), format!("cannot use redis: {words}"));
    }
}

#[test]
fn the_sizes_and_times_of_the_query_hold() {
    let Some(server) = Server::start() else { return };
    let url = format!("redis://127.0.0.1:{}?socket_timeout=0.2&max_connections=1&timeout=0.2", server.port());
    let backend = RedisBackend::from_url(&url).expect("a valid URL");
    let shown = format!("{backend:?}");
    assert!(shown.contains("max_size: 1,") && shown.contains("acquire_timeout: 200ms"), "{shown}");
    server.pause();
    let error = read(&backend, "a").expect_err("the server is silent");
    server.resume();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{shown}: {error}");
}

#[test]
fn a_scheme_whose_feature_is_off_names_it() {
    let registry = Registry::new().with(constance_redis::schemes());
    for (scheme, is_on, feature) in [
        ("redis", true, ""),
        ("redis+unix", true, ""),
        ("redis+cluster", cfg!(feature = "cluster"), "cluster"),
        ("redis+sentinel", cfg!(feature = "sentinel"), "sentinel"),
        ("rediss", cfg!(any(feature = "tls-rustls", feature = "tls-native-tls")), "tls-rustls or tls-native-tls"),
    ] {
        assert_eq!(registry.knows(&scheme.to_uppercase()), is_on, "{scheme}");
        if !is_on {
            let url = format!("{scheme}://:hunter2@h1/m");
            for error in [registry.open(&url).map(drop), RedisBackend::from_url(&url).map(drop)] {
                let error = error.expect_err("it is off");
                assert!(
                    error.to_string().contains(&format!("enable the feature {feature} of constance-redis")),
                    "{error}"
                );
                assert!(!shown(&error).contains("hunter2"));
            }
        }
    }
}
