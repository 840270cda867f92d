//! The parameters of a URL that libpq knows.

use constance_core::{Error, ErrorKind, Result};

/// Those of libpq 18 and before it. One that the linked libpq is too old for, it refuses at the first connection.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "servicefile",
    "require_auth", "channel_binding", "scram_client_key", "scram_server_key", "requirepeer",
    "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
    "client_encoding", "options", "application_name", "fallback_application_name", "replication",
    "target_session_attrs", "load_balance_hosts", "min_protocol_version", "max_protocol_version",
    "sslmode", "sslnegotiation", "sslcompression", "sslcert", "sslkey", "sslpassword", "sslcertmode", "sslrootcert",
    "sslcrl", "sslcrldir", "sslsni", "sslkeylogfile", "ssl_min_protocol_version", "ssl_max_protocol_version", "requiressl",
    "gssencmode", "krbsrvname", "gsslib", "gssdelegation",
    "oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope",
];

const SEARCH_PATH: &str = "write options=-c%20search_path%3D and the schema's name";

/// What other clients know, and how the same is said here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("schema", SEARCH_PATH),
    ("search_path", SEARCH_PATH),
    ("pgbouncer", "leave it out: a pooler is noticed by itself"),
    ("statement_cache_size", "leave it out: a pooler is noticed by itself"),
    ("connection_limit", "leave it out, and give the builder a pool_size"),
    ("pool_timeout", "leave it out, and give the builder an acquire_timeout"),
    ("socket_timeout", "leave it out, and give the builder a statement_timeout"),
    ("statement_timeout", "leave it out, and give the builder a statement_timeout"),
    ("sslaccept", "write sslmode=verify-full, or sslmode=require for no check of the certificate"),
];

const MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Refuses a parameter that libpq would refuse, and name, at the first connection.
pub(super) fn check(name: &str, value: &str) -> Result<()> {
    let wrong =
        |detail: String, hint: String| Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint));
    match (name, value) {
        // As other clients write it; libpq knows it with this value alone.
        ("ssl", "true") => Ok(()),
        ("ssl", _) => wrong("the parameter ssl of the URL is not true".to_owned(), "write sslmode=require".to_owned()),
        ("sslmode", mode) if !MODES.contains(&mode) => {
            let hint = format!("write one of {}", MODES.join(", "));
            wrong("the parameter sslmode of the URL names no mode".to_owned(), hint)
        }
        (name, _) if KNOWN.contains(&name) => Ok(()),
        (name, _) => {
            let said = ELSEWHERE.iter().find_map(|(known, hint)| (*known == name).then_some(*hint));
            let hint = said.unwrap_or(
                "the parameters of libpq, layout, table and call_timeout are; settings of a session go into options",
            );
            wrong(format!("the URL has the parameter {name}, which libpq does not know"), hint.to_owned())
        }
    }
}
