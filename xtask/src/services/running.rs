//! Services while they run.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::system::{self, SystemPackage};

use super::durability::Durability;
use super::folder::{self, Folder};
use super::kind::Kind;
use super::set::Set;
use super::{memcached, mysql, postgres, process, redis};

/// How a server says that its port was taken between our finding it and its listening, also the one that speaks German.
const TAKEN: [&str; 2] = ["Address already in use", "Adresse wird bereits verwendet"];
const TRIES: usize = 3;

/// Started services; dropping it stops them and removes their folder.
#[derive(Debug)]
pub(crate) struct Running {
    // Before the folder, which cannot be removed while a server writes into it.
    started: Vec<Started>,
    _folder: Folder,
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
    /// When a program is missing, or a server does not become ready: then its log is in the message, and the folder
    /// stays.
    pub(crate) fn start(kinds: &[Kind], durability: Durability) -> Result<Self> {
        installed(kinds)?;
        let folder = Folder::new()?;
        let path = folder.path();
        let results: Vec<Result<Started>> = thread::scope(|scope| {
            let threads: Vec<_> =
                kinds.iter().map(|kind| scope.spawn(move || start(*kind, path, durability))).collect();
            let gone = |_| Err(Error::failed("a thread that starts a service panicked"));
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(gone)).collect()
        });
        match results.into_iter().collect::<Result<Vec<_>>>() {
            Ok(started) => Ok(Self { started, _folder: folder }),
            Err(error) => {
                let kept = folder.keep();
                let advice = "read the log above and what else is in that folder, then remove it";
                Err(Error::failed(format!("{error}\nWhat to do: {advice}: {}", kept.display())))
            }
        }
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

fn start(kind: Kind, folder: &Path, durability: Durability) -> Result<Started> {
    let own = folder.join(kind.name());
    let began = Instant::now();
    let mut tries = 1;
    loop {
        folder::private(&own)?;
        match set(kind, &own, durability) {
            Ok(set) => return Ok(Started { kind, set, took: began.elapsed() }),
            Err(error) => {
                let tails = process::tails(&own);
                if tries == TRIES || !TAKEN.iter().any(|words| tails.contains(words)) {
                    return Err(Error::failed(format!("cannot start {}: {error}\n{tails}", kind.title())));
                }
                tries += 1;
                // Its servers are stopped by now, so nothing writes into it.
                fs::remove_dir_all(&own)
                    .map_err(|error| Error::failed(format!("cannot remove {}: {error}", own.display())))?;
            }
        }
    }
}

fn set(kind: Kind, own: &Path, durability: Durability) -> Result<Set> {
    match kind {
        Kind::Plain => redis::plain(own),
        Kind::Acl => redis::acl(own),
        Kind::Tls => redis::tls(own),
        Kind::Unix => redis::unix(own),
        Kind::Cluster => redis::cluster(own),
        Kind::Sentinel => redis::sentinel(own),
        Kind::Postgres => postgres::plain(own, durability),
        Kind::PostgresIcu => postgres::icu(own, durability),
        Kind::Mariadb => mysql::mariadb(own, durability),
        Kind::Mysql => mysql::mysql(own, durability),
        Kind::Memcached => memcached::start(own),
    }
}
