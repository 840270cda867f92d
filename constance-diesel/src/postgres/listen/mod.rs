//! Changes that the server pushes, over a connection of the `postgres` crate: diesel's cannot wait for a notification.

mod config;
#[cfg(feature = "listen-tls")]
mod files;
mod thread;
mod tls;
mod tls_options;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use constance_core::{
    Error, ErrorKind, Result,
    backend::{Wake, Watch},
};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text};
use diesel::{OptionalExtension, RunQueryDsl};

use self::thread::{Shared, Start};
use super::failure;
use super::migration::channel;
use super::target::Target;
use crate::dialect::Options;
use crate::schema::Tables;

/// Why a feed looks for changes and is not told of them.
pub(super) type Why = &'static str;

/// How long the server may take to hand a notification on. Behind a pooler that lends its connections for one transaction it
/// never comes.
const PATIENCE: Duration = Duration::from_secs(3);

/// A feed that a thread with a connection of its own keeps.
pub(super) struct Listening(Arc<Shared>);

/// Opens the feed, or says why there is none. `connection` is one to the same database.
pub(super) fn open(
    target: &Target,
    tables: &Tables,
    options: &Options,
    connection: &mut PgConnection,
) -> Result<Result<Listening, Why>> {
    let about = match about(connection, tables) {
        Ok(Some(about)) => about,
        Ok(None) => return Ok(Err("the table is gone")),
        Err(error) => return Err(failure::of(connection, &error).error),
    };
    if about.replica {
        return Ok(Err("a replica does not tell of changes"));
    }
    if !about.trigger {
        return Ok(Err("the table has no trigger that tells of changes; migrating makes one"));
    }
    let (config, tls) = match config::of(target, options) {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    // The crate's own limit ends with the TCP connection: what is said on it then may take for ever, as with a server that
    // stands still or a pooler that has no connection left.
    let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX);
    let limit = options.connect_timeout.max(Duration::from_secs(1)).saturating_mul(hosts).saturating_add(PATIENCE);
    let probe = format!("constance_probe_{:016x}", RandomState::new().hash_one(0));
    let Some((shared, started)) = thread::start(config, tls, about.channel, probe.clone())? else {
        return Ok(Err("too many listeners wait for a server that says nothing"));
    };
    // From here on it ends the thread, as soon as the server says anything to it.
    let feed = Listening(shared);
    match started.recv_timeout(limit) {
        Ok(Start::Listens) => {}
        Ok(Start::Never(why)) => return Ok(Err(why)),
        Ok(Start::NotNow(error)) => return Err(error),
        Err(RecvTimeoutError::Timeout) => return Ok(Err("the listener got no answer in time")),
        Err(RecvTimeoutError::Disconnected) => {
            return Err(Error::new(ErrorKind::Unavailable).with_detail("the feed ended before it began"));
        }
    }
    // Only what arrives proves that anything does.
    let notified = sql::<Text>("SELECT 'sent' FROM (SELECT pg_notify(").bind::<Text, _>(probe).sql(", '')) AS n");
    if let Err(error) = notified.execute(connection) {
        return Err(failure::of(connection, &error).error);
    }
    if feed.0.is_proven(PATIENCE)? {
        return Ok(Ok(feed));
    }
    Ok(Err("notifications do not arrive, as behind a pooler that lends its connections for one transaction"))
}

/// What the database says about its telling of changes.
struct About {
    replica: bool,
    trigger: bool,
    channel: String,
}

fn about(connection: &mut PgConnection, tables: &Tables) -> QueryResult<Option<About>> {
    // A trigger keeps its function when the table is renamed.
    let text = format!(
        "SELECT pg_is_in_recovery(), EXISTS (SELECT 1 FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid \
         WHERE t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A') AND p.prosrc LIKE '%pg_notify(%constance%'), {} \
         FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(quote_ident(",
        channel("n.nspname", "c.relname")
    );
    let asked = sql::<(Bool, Bool, Text)>(&text).bind::<Text, _>(&*tables.settings).sql("))");
    let found = asked.get_result::<(bool, bool, String)>(connection).optional()?;
    Ok(found.map(|(replica, trigger, channel)| About { replica, trigger, channel }))
}

/// Says once that a feed looks for changes, and why.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nothing is recorded without the feature"))]
pub(super) fn say(why: Why) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "constance", backend = "postgres", why, "changes are polled for and not pushed");
}

impl Watch for Listening {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        // A timeout too long for the clock is none.
        self.0.wait(Instant::now().checked_add(timeout))
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let shared = Arc::clone(&self.0);
        Some(Box::new(move || shared.interrupt()))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.stop();
    }
}
