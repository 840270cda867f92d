//! Follows changes of an SQLite file.

use constance_core::{Error, ErrorKind, Result, backend::Watch};
use diesel::RunQueryDsl;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use diesel::sqlite::{Sqlite, SqliteConnection};

use super::failure;
#[cfg(target_os = "linux")]
use super::file_events::FileEvents;
#[cfg(target_os = "linux")]
use super::file_watch::FileWatch;
use super::target::{FileId, Target};
use crate::dialect::{Options, Purpose, Verbs};
use crate::error::not_migrated;
use crate::schema::Tables;
#[cfg(target_os = "linux")]
use crate::watch::Bounded;
use crate::watch::{Probe, polling};

/// Opens the feed. Whatever is committed after this returns is told.
pub(super) fn open(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
    let file = target.file_id();
    let mut connection = SqliteConnection::open(target, Purpose::Watch, options)?;
    let ready = connection.has_table(&tables.settings).and_then(|there| Ok((there, data_version(&mut connection)?)));
    match ready {
        Ok((true, last)) => {
            let probe = DataVersion { connection, target: target.clone(), file, last };
            Ok(follow(probe, target, options))
        }
        Ok((false, _)) => Err(not_migrated(constance_core::backend::Cause::new("sqlite"))),
        Err(error) => Err(failure::of(&error).error),
    }
}

/// Looks when the system tells of writes, where it does.
#[cfg(target_os = "linux")]
fn follow(probe: DataVersion, target: &Target, options: &Options) -> Box<dyn Watch> {
    // How often the application wants it to look is how often it looks.
    let events =
        options.look_interval.usual_interval().and_then(|interval| Some((interval, FileEvents::of(target.path())?)));
    match (events, options.call_timeout) {
        (Some((interval, events)), None) => Box::new(FileWatch::new(probe, events, interval)),
        (Some((interval, events)), Some(within)) => {
            Box::new(FileWatch::new(Bounded::new(probe, within), events, interval))
        }
        (None, _) => polling(probe, options),
    }
}

/// Looks again and again.
#[cfg(not(target_os = "linux"))]
fn follow(probe: DataVersion, _: &Target, options: &Options) -> Box<dyn Watch> {
    polling(probe, options)
}

/// Asks for `data_version`: it differs after a commit by any other connection, in this process or another. For that the
/// connection must be one of its own, outside any transaction.
struct DataVersion {
    connection: SqliteConnection,
    target: Target,
    file: Option<FileId>,
    last: i64,
}

impl Probe for DataVersion {
    fn changed(&mut self) -> Result<bool> {
        // Without this a feed of a file that was deleted or replaced would be silent for ever.
        if self.target.file_id() != self.file {
            return Err(Error::new(ErrorKind::Unavailable).with_detail("the database file was deleted or replaced"));
        }
        match data_version(&mut self.connection) {
            Ok(version) => Ok(std::mem::replace(&mut self.last, version) != version),
            // Somebody is committing; the next look will see what.
            Err(error) if failure::is_busy(&error) => Ok(false),
            Err(error) => Err(failure::of(&error).error),
        }
    }
}

fn data_version(connection: &mut SqliteConnection) -> QueryResult<i64> {
    Pragma.get_result(connection)
}

/// `PRAGMA data_version`, cached.
#[derive(Debug, Clone, Copy, QueryId)]
struct Pragma;

impl Query for Pragma {
    type SqlType = BigInt;
}

impl<C> RunQueryDsl<C> for Pragma {}

impl QueryFragment<Sqlite> for Pragma {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("PRAGMA data_version");
        Ok(())
    }
}
