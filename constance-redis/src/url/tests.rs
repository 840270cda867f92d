//! What URLs mean.

use std::time::Duration;

use constance_core::{ErrorKind, Result};
use redis::{ConnectionAddr, ProtocolVersion};

use super::Url;

/// Where it leads, who logs in, and to which database.
fn one(url: &str) -> Result<(String, Option<String>, Option<String>, i64)> {
    let url = Url::parse(url)?;
    let [info] = url.servers.as_slice() else { panic!("one server") };
    let (address, login) = (info.addr().to_string(), info.redis_settings());
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok((address, owned(login.username()), owned(login.password()), login.db()))
}

#[test]
fn what_the_python_client_knows_is_honoured() -> Result<()> {
    let (user, password) = (Some("shop"), Some("p@ss"));
    for (url, address, user, password, db) in [
        ("redis://h", "h:6379", None, None, 0),
        ("redis://h?db=3", "h:6379", None, None, 3),
        ("redis://h:1/3?db=3", "h:1", None, None, 3),
        ("redis://shop:p%40ss@h/3", "h:6379", user, password, 3),
        ("redis://:p%40ss@h", "h:6379", None, password, 0),
        ("redis://h?username=shop&password=p%40ss", "h:6379", user, password, 0),
        ("valkey://h?user=shop&pass=p%40ss", "h:6379", user, password, 0),
        ("redis://shop@h?password=p%40ss", "h:6379", user, password, 0),
        ("redis://shop:p%40ss@h?username=shop", "h:6379", user, password, 0),
        ("redis://[::1]:7/", "::1:7", None, None, 0),
        (" REDIS://h/1\n", "h:6379", None, None, 1),
        #[cfg(unix)]
        ("unix:///run/r.sock?db=3&password=p%40ss", "/run/r.sock", None, password, 3),
        #[cfg(unix)]
        ("redis+unix://shop:p%40ss@/run/my%20r.sock", "/run/my r.sock", user, password, 0),
        #[cfg(unix)]
        ("valkey+unix://localhost/r.sock?user=shop&pass=p%40ss", "/r.sock", user, password, 0),
    ] {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        assert_eq!(one(url)?, (address.to_owned(), owned(user), owned(password), db), "{url}");
    }
    for (query, protocol) in [
        ("", ProtocolVersion::RESP2),
        ("?protocol=2", ProtocolVersion::RESP2),
        ("?protocol=3", ProtocolVersion::RESP3),
        ("?protocol=resp3", ProtocolVersion::RESP3),
    ] {
        let url = Url::parse(&format!("redis://h{query}"))?;
        assert_eq!(url.servers[0].redis_settings().protocol(), protocol, "{query}");
    }
    Ok(())
}

#[test]
fn times_and_numbers_of_the_query_are_limits() -> Result<()> {
    let query = "socket_timeout=5&socket_connect_timeout=0.5&timeout=20&max_connections=50";
    let limits = Url::parse(&format!("redis://h?{query}"))?.limits;
    assert_eq!(limits.response_timeout, Some(Duration::from_secs(5)));
    assert_eq!(limits.connect_timeout, Some(Duration::from_millis(500)));
    assert_eq!(limits.acquire_timeout, Some(Duration::from_secs(20)));
    assert_eq!(limits.pool_size, Some(50));
    Ok(())
}

#[test]
fn what_means_nothing_here_is_refused_by_name() {
    // All that the Python client takes from a URL beside what is honoured.
    for name in ["decode_responses", "encoding", "encoding_errors", "retry_on_timeout", "retry_on_error"]
        .into_iter()
        .chain(["health_check_interval", "client_name", "lib_name", "lib_version", "socket_keepalive"])
        .chain(["socket_read_size", "legacy_responses", "ssl_ca_path", "ssl_ca_data", "ssl_password", "ssl_ciphers"])
        .chain(["ssl_min_version", "ssl_include_verify_flags", "ssl_exclude_verify_flags", "ssl_validate_ocsp", "host"])
        .chain(["port", "sentinel_password"])
    {
        let error = Url::parse(&format!("redis://h?{name}=1")).map(drop).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let words = format!("the URL has the parameter {name}, which is not known; those that are known here are db, ");
        assert!(error.to_string().starts_with(&words), "{error}");
    }
}

#[test]
fn what_contradicts_itself_or_is_missing_is_refused() {
    for (url, words) in [
        ("redis://h/0?db=3", "two databases"),
        ("redis://shop:hunter2@h?username=other", "two users"),
        ("redis://:hunter2@h?password=hunter3", "two passwords"),
        ("redis://h?user=a&username=b&password=hunter2", "two users"),
        ("redis://h?db=1&db=1", "twice"),
        // Empty variables.
        ("redis://shop:@h", "the password is empty"),
        ("redis://:@h", "the password is empty"),
        ("redis://shop@h", "the password is missing"),
        ("redis://@h", "nothing stands in front of the @"),
        ("redis://h?username=shop", "the password is missing"),
        ("redis://h?password=", "no value"),
        ("redis:///0", "no host"),
        ("redis://:hunter2@", "no host"),
        ("redis://h:/0", "no number"),
        // Characters of a password.
        ("redis://default:57#hunter2@127.0.0.1:6379/0", "%23"),
        ("redis://default:57?hunter2@127.0.0.1:6379/0", "%3F"),
        ("redis://default:57/hunter2@127.0.0.1:6379/0", "%2F"),
        ("redis://:hunter2#insecure", "fragment"),
        ("redis+unix:///:hunter2@/run/redis.sock", "%40"),
        ("redis+unix:///run/redis.sock?pass=hunter2@x", "%40"),
        ("redis://:hunter 2@h", "white space"),
        ("redis://:hunter2\n@h", "white space"),
        // Other places.
        ("redis+unix://run/redis.sock", "names a host"),
        ("redis+unix://", "no socket"),
        ("redis+unix:///run/", "no socket"),
        ("redis+unix:///r.sock?ssl_ca_certs=/ca.pem", "about TLS"),
        ("redis://h/zero", "no number of a database"),
        ("redis://h/1/2", "no number of a database"),
        ("redis://h/-1", "no number of a database"),
        ("redis://h1,h2", "several servers"),
        ("redis://0.0.0.0", "0.0.0.0"),
        ("redis://[::]:1", "0.0.0.0"),
        ("redis://h?protocol=4", "write 2 or 3"),
        ("redis://h?ssl_cert_reqs=required", "use rediss://"),
        ("redis://h?ssl_certfile=/c.pem", "together"),
        ("http://:hunter2@h", "a scheme of Redis"),
    ] {
        let error = Url::parse(url).map(drop).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(words), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
    }
}

#[test]
#[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
fn what_is_asked_of_certificates_is_kept_or_refused() -> Result<()> {
    let url =
        Url::parse("rediss://h?ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem&ssl_cert_reqs=required")?;
    assert!(url.certificates.roots.is_some() && url.certificates.client.is_some());
    for (more, checked) in [
        ("", Some(true)),
        ("?ssl_cert_reqs=optional&ssl_check_hostname=True", Some(true)),
        ("?ssl_cert_reqs=none", Some(false)),
        ("?ssl_cert_reqs=CERT_NONE", None),
        ("?ssl_check_hostname=False", None),
        ("#insecure", Some(false)),
        ("?ssl_cert_reqs=required#insecure", None),
        ("#other", None),
    ] {
        // rustls is not told to check nothing.
        let checked = checked.filter(|checked| *checked || cfg!(not(feature = "tls-rustls")));
        let found = Url::parse(&format!("rediss://h{more}")).ok().and_then(|url| match url.servers[0].addr() {
            ConnectionAddr::TcpTls { insecure, .. } => Some(!insecure),
            _ => None,
        });
        assert_eq!(found, checked, "{more}");
    }
    Ok(())
}

#[test]
fn a_scheme_that_is_not_built_in_names_its_feature() {
    for scheme in super::SCHEMES {
        let path = if scheme.name.ends_with("sentinel") { "h/m" } else { "h" };
        let url =
            if scheme.name.ends_with("unix") { "unix:///r".to_owned() } else { format!("{}://{path}", scheme.name) };
        match (scheme.missing_feature(), Url::parse(&url).map(drop)) {
            (None, read) => read.expect("it is built in"),
            (Some(feature), read) => {
                let error = read.expect_err("it is not built in").to_string();
                assert!(error.ends_with(&format!("enable the feature {feature} of constance-redis")), "{error}");
            }
        }
    }
}
