//! Where the listener connects: what libpq makes of the URL and the environment, as far as it can be done alike.

use std::path::Path;
use std::time::Duration;

use postgres::Config;
use postgres::config::{ChannelBinding, TargetSessionAttrs};

use super::Why;
use super::tls::Tls;
use super::tls_options::TlsOptions;
use crate::options::Options;
use crate::postgres::target::Target;

/// Variables that libpq reads and the listener does not support.
const ENVIRONMENT: &[&str] = &[
    "PGHOSTADDR",
    "PGSERVICE",
    "PGREQUIREAUTH",
    "PGREQUIREPEER",
    "PGREQUIRESSL",
    "PGCHANNELBINDING",
    "PGGSSENCMODE",
    "PGSSLNEGOTIATION",
    "PGTARGETSESSIONATTRS",
    "PGLOADBALANCEHOSTS",
];

/// A variable of the environment, if it says something.
pub(super) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A configuration that leads to the same server, or why there is none.
pub(super) fn of(target: &Target, options: &Options) -> Result<(Config, Tls), Why> {
    // What is no text cannot be followed either, such as the name of a file.
    let unreadable = std::env::vars_os()
        .any(|(name, value)| name.to_str().is_some_and(|name| name.starts_with("PG")) && value.to_str().is_none());
    if unreadable || ENVIRONMENT.iter().any(|name| env(name).is_some()) {
        return Err("the environment tells libpq something that the listener does not know");
    }
    let parts = &*target.parts;
    let mut config = Config::new();
    let mut hosts = parts.hosts.clone();
    let mut user = parts.user.clone().or_else(|| env("PGUSER"));
    let mut password = parts.password.clone().or_else(|| env("PGPASSWORD"));
    let mut database = parts.database.clone().or_else(|| env("PGDATABASE"));
    let mut tls_options = TlsOptions::of_environment();
    let mut name = env("PGAPPNAME");
    let mut ports: Option<Vec<String>> = env("PGPORT").map(|ports| list(&ports));
    config.connect_timeout(options.connect_timeout);
    config.keepalives_idle(Duration::from_secs(5)).keepalives_interval(Duration::from_secs(2)).keepalives_retries(3);
    config.tcp_user_timeout(options.statement_timeout);
    // The crate would log the notices of the server.
    config.notice_callback(|_| {});
    for (parameter, value) in &parts.parameters {
        match (parameter.as_str(), value.as_str()) {
            ("host", hosts_of) => hosts = list(hosts_of).into_iter().map(|host| (host, None)).collect(),
            ("port", value) => ports = Some(list(value)),
            ("user", value) => user = Some(value.to_owned()),
            ("password", value) => password = Some(value.to_owned()),
            ("dbname", value) => database = Some(value.to_owned()),
            ("application_name", value) => name = Some(value.to_owned()),
            (name, value) if tls_options.take(name, value) => {}
            ("options", value) => drop(config.options(value)),
            ("target_session_attrs", "any") => {}
            ("target_session_attrs", "read-write") => {
                config.target_session_attrs(TargetSessionAttrs::ReadWrite);
            }
            // It asks for no more than it gets.
            ("gssencmode", "disable" | "prefer") | ("channel_binding", "prefer") => {}
            ("channel_binding", "disable") => drop(config.channel_binding(ChannelBinding::Disable)),
            ("channel_binding", "require") => drop(config.channel_binding(ChannelBinding::Require)),
            ("client_encoding" | "fallback_application_name" | "connect_timeout" | "tcp_user_timeout", _) => {}
            ("keepalives" | "keepalives_idle" | "keepalives_interval" | "keepalives_count", _) => {}
            _ => return Err("the URL tells libpq something that the listener does not know"),
        }
    }
    if hosts.is_empty() {
        hosts =
            env("PGHOST").map_or_else(Vec::new, |hosts| list(&hosts).into_iter().map(|host| (host, None)).collect());
    }
    let ports = ports.unwrap_or_default();
    let port_of = |place: usize, given: Option<u16>| match (given, ports.get(place).or(ports.last())) {
        (Some(port), _) => Ok(port),
        (None, None) => Ok(5432),
        (None, Some(port)) => port.parse().map_err(|_| "the port is no number"),
    };
    if hosts.is_empty() {
        let port = port_of(0, None)?;
        // Where the socket is was decided when libpq was built.
        let folders = ["/var/run/postgresql", "/tmp"];
        let folder = folders.iter().find(|folder| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists());
        hosts.push(((*folder.unwrap_or(&"localhost")).to_owned(), Some(port)));
    }
    let (mode, tls) = tls_options.mode_and_tls(hosts.iter().all(|(host, _)| host.starts_with('/')))?;
    config.ssl_mode(mode);
    for (place, (host, port)) in hosts.iter().enumerate() {
        config.host(host).port(port_of(place, *port)?);
    }
    if let Some(user) = user {
        config.user(&user);
    }
    if let Some(password) = password {
        config.password(password);
    }
    if let Some(database) = database {
        config.dbname(&database);
    }
    config.application_name(name.as_deref().unwrap_or("constance"));
    Ok((config, tls))
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}
