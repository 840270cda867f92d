//! Where a PostgreSQL server is, and what a connection is told at its start.

mod conninfo;
mod parameters;
mod parse;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use constance_core::{Result, identity};

use crate::dialect::ConnectTarget;

/// A database, as its URL names it.
#[derive(Clone)]
pub struct Target {
    /// As the user wrote it: libpq reads it, with its own rules for what is left out.
    url: Arc<str>,
    pub(super) parts: Arc<Parts>,
}

/// What the URL says, part by part.
#[cfg_attr(test, derive(Debug))]
#[derive(Default)]
pub(super) struct Parts {
    /// Each with its port where one is given.
    pub(super) hosts: Vec<(String, Option<u16>)>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
    pub(super) parameters: Vec<(String, String)>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It holds a password.
        f.debug_struct("Target").finish_non_exhaustive()
    }
}

impl ConnectTarget for Target {
    /// Reads `postgres://user:password@host:port/database?parameter=value`, as libpq does.
    fn parse(url: &str) -> Result<Self> {
        Ok(Self { url: url.into(), parts: Arc::new(parse::parts_of(url)?) })
    }

    /// The hosts, the database, and what decides which schema the table is in. What is left out of the URL is decided by the
    /// environment and the files of libpq.
    fn identity(&self) -> Option<String> {
        let Parts { hosts, user, password: _, database, parameters } = &*self.parts;
        let elsewhere = ["host", "hostaddr", "port", "dbname", "user", "service", "servicefile"];
        if hosts.is_empty() || parameters.iter().any(|(name, _)| elsewhere.contains(&name.as_str())) {
            return None;
        }
        let place = |(host, port): &(String, Option<u16>)| {
            let server =
                if host.starts_with('/') { identity::of_path(Path::new(host)) } else { identity::of_host(host) };
            Some(format!(
                "{}:{}",
                server?,
                port.map(|port| port.to_string()).or_else(|| std::env::var("PGPORT").ok()).unwrap_or_default()
            ))
        };
        let places = hosts.iter().map(place).collect::<Option<Vec<_>>>()?;
        let options = self.session_options().unwrap_or_default();
        let (database, user) = (database.as_deref()?, user.as_deref()?);
        Some(format!("{}/{database} {user} {options}", places.join(",")))
    }

    /// The hosts and ports as libpq finds them, as far as that can be seen without its files.
    fn location(&self) -> Option<String> {
        let given = |name: &str, variable: &str| self.parameter(name, variable).filter(|value| !value.is_empty());
        let port = given("port", "PGPORT").unwrap_or_else(|| "5432".to_owned());
        let place = |host: &str, port: &str| match host {
            // The folder of a socket.
            host if host.starts_with('/') => format!("{host}/.s.PGSQL.{port}"),
            host if host.contains(':') => format!("[{host}]:{port}"),
            host => format!("{host}:{port}"),
        };
        if self.parts.hosts.is_empty() || self.parts.parameters.iter().any(|(name, _)| name == "host") {
            return Some(place(&given("host", "PGHOST")?, &port));
        }
        let hosts = self.parts.hosts.iter();
        let places: Vec<String> =
            hosts.map(|(host, own)| place(host, &own.map_or_else(|| port.clone(), |own| own.to_string()))).collect();
        Some(places.join(", "))
    }
}

impl Target {
    /// The last value that the URL gives a parameter, or else an environment variable of libpq.
    fn parameter(&self, name: &str, variable: &str) -> Option<String> {
        let of_url = self.parts.parameters.iter().rev().find(|(known, _)| known == name);
        of_url.map(|(_, value)| value.clone()).or_else(|| std::env::var(variable).ok())
    }

    /// The options of a session that the URL or the environment gives.
    fn session_options(&self) -> Option<String> {
        self.parameter("options", "PGOPTIONS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_is_hosts_and_ports_alone() -> Result<()> {
        for (url, location) in [
            ("postgres://u:hunter2@db.internal:5433/d", "db.internal:5433"),
            ("postgres://u:hunter2@a:1,[::1]:2/d", "a:1, [::1]:2"),
            ("postgres://u:hunter2@%2Frun%2Fpg:7/d", "/run/pg/.s.PGSQL.7"),
            ("postgres://u:hunter2@/d?host=b&port=9", "b:9"),
        ] {
            assert_eq!(Target::parse(url)?.location().as_deref(), Some(location));
        }
        Ok(())
    }

    #[test]
    fn the_identity_is_the_servers_the_databases_and_the_schemas() -> Result<()> {
        let of = |url: &str| Target::parse(url).map(|target| target.identity());
        let one = of("postgres://u:hunter2@db.internal:5432/d")?;
        assert!(one.as_ref().is_some_and(|one| one.contains("db.internal:5432/d u") && !one.contains("hunter2")));
        assert_eq!(one, of("postgresql://u:other@db.internal:5432/d?application_name=x&sslmode=require")?);
        for other in [
            "postgres://u@db.internal:5433/d",
            "postgres://u@db.internal:5432/e",
            "postgres://v@db.internal:5432/d",
            "postgres://u@db.elsewhere:5432/d",
            "postgres://u@db.internal:5432/d?options=-c%20search_path%3Dx",
        ] {
            assert_ne!(one, of(other)?, "{other}");
        }
        // The environment of libpq says the rest.
        for untold in
            ["postgres:///d", "postgres://u@db/d", "postgres://u@db.internal", "postgres://u@db.internal/d?service=x"]
        {
            assert_eq!(of(untold)?, None, "{untold}");
        }
        Ok(())
    }

    #[test]
    fn no_debug_shows_the_url() -> Result<()> {
        let target = Target::parse("postgres://u:hunter2@h/d")?;
        assert!(!format!("{target:?}").contains("hunter2"));
        Ok(())
    }
}
