//! Services while they run.

use std::thread;
use std::time::{Duration, Instant};

use constance_testserver::StartError;

use crate::error::{Error, Result};
use crate::system::{self, SystemPackage};

use super::durability::Durability;
use super::kind::Kind;
use super::set::Set;
use super::{memcached, mysql, postgres, redis};

/// Started services; dropping it stops them and removes their folders.
#[derive(Debug)]
pub(crate) struct Running {
    started: Vec<Started>,
}

#[derive(Debug)]
struct Started {
    kind: Kind,
    set: Set,
    took: Duration,
}

impl Running {
    /// Starts `kinds`, all at once, and waits until each is ready.
    ///
    /// # Errors
    ///
    /// When a program is missing, or a server does not become ready: then its log is in the message.
    pub(crate) fn start(kinds: &[Kind], durability: Durability) -> Result<Self> {
        installed(kinds)?;
        let results: Vec<Result<Started>> = thread::scope(|scope| {
            let threads: Vec<_> = kinds.iter().map(|kind| scope.spawn(move || start(*kind, durability))).collect();
            let gone = |_| Err(Error::failed("a thread that starts a service panicked"));
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(gone)).collect()
        });
        Ok(Self { started: results.into_iter().collect::<Result<_>>()? })
    }

    /// The variables that tell tests where the services are.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.started.iter().flat_map(|started| &started.set.variables)
    }

    /// What somebody who runs tests on them should know.
    pub(crate) fn remarks(&self) -> impl Iterator<Item = String> {
        self.started
            .iter()
            .filter_map(|Started { kind, set, .. }| Some(format!("{}: {}", kind.title(), set.remark.as_ref()?)))
    }

    /// What runs, with addresses to copy.
    pub(crate) fn describe(&self) -> String {
        let mut text = String::new();
        for Started { kind, set, took } in &self.started {
            let servers = if set.count() == 1 { "server" } else { "servers" };
            let seconds = took.as_secs_f64();
            text.push_str(&format!("{}: {} {servers}, after {seconds:.1} s\n", kind.title(), set.count()));
            if let Some(remark) = &set.remark {
                text.push_str(&format!("  {remark}\n"));
            }
            for (name, value) in &set.variables {
                text.push_str(&format!("  {name}={}\n", crate::command::quote(value)));
            }
        }
        text
    }
}

/// Said at once and with a name: a shell that does not find a program would be a riddle in a log.
fn installed(kinds: &[Kind]) -> Result<()> {
    if let Some(kind) = kinds.iter().find(|kind| !kind.can_be_had()) {
        let advice = "install it from its maker; Debian's `mysqld` is MariaDB";
        return Err(Error::failed(format!("{} is not installed: {advice}", kind.title())));
    }
    let needed = kinds.iter().flat_map(|kind| kind.packages());
    let missing: Vec<&SystemPackage> =
        needed.filter(|package| package.program.is_some_and(|program| !system::on_path(program))).collect();
    match missing.last() {
        None => Ok(()),
        Some(package) => Err(Error::failed(format!(
            "`{name}` is not installed ({reason}); on Debian: sudo apt-get install --no-install-recommends {name}",
            name = package.name,
            reason = package.reason,
        ))),
    }
}

fn start(kind: Kind, durability: Durability) -> Result<Started> {
    let began = Instant::now();
    let set = match kind {
        Kind::Plain => redis::plain(),
        Kind::Acl => redis::acl(),
        Kind::Tls => redis::tls(),
        Kind::Unix => redis::unix(),
        Kind::Cluster => redis::cluster(),
        Kind::Sentinel => redis::sentinel(),
        Kind::Postgres => postgres::plain(durability),
        Kind::PostgresIcu => postgres::icu(durability),
        Kind::Mariadb => mysql::mariadb(durability),
        Kind::Mysql => mysql::mysql(durability),
        Kind::Memcached => memcached::start(),
    };
    let set = set.map_err(|error| Error::failed(format!("cannot start {}: {error}", kind.title())))?;
    Ok(Started { kind, set, took: began.elapsed() })
}

impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        Self::failed(error.to_string())
    }
}
