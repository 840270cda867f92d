//! Follows changes of an SQLite file.

use constance_core::{Error, ErrorKind, Result, Watch};
use diesel::RunQueryDsl;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use diesel::sqlite::{Sqlite, SqliteConnection};

use super::fault;
#[cfg(target_os = "linux")]
use super::noticed::Noticed;
#[cfg(target_os = "linux")]
use super::notices::Notices;
use super::place::{FileId, Place};
use crate::dialect::{Options, Purpose, Verbs};
use crate::error::not_migrated;
use crate::schema::Tables;
#[cfg(target_os = "linux")]
use crate::watch::Bounded;
use crate::watch::{Probe, polling};

/// Opens the feed. Whatever is committed after this returns is told.
pub(super) fn open(place: &Place, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
    let file = place.file_id();
    let mut connection = SqliteConnection::open(place, Purpose::Watch, options)?;
    let ready = connection.has_table(&tables.settings).and_then(|there| Ok((there, data_version(&mut connection)?)));
    match ready {
        Ok((true, last)) => {
            let probe = DataVersion { connection, place: place.clone(), file, last };
            Ok(follow(probe, place, options))
        }
        Ok((false, _)) => Err(not_migrated(constance_core::Cause::new("sqlite"))),
        Err(error) => Err(fault::of(&error).error),
    }
}

/// Looks when the system tells of writes, where it does.
#[cfg(target_os = "linux")]
fn follow(probe: DataVersion, place: &Place, options: &Options) -> Box<dyn Watch> {
    // How often the application wants it to look is how often it looks.
    let notices = options.pace.usual_interval().and_then(|interval| Some((interval, Notices::of(place.path())?)));
    match (notices, options.call_timeout) {
        (Some((interval, notices)), None) => Box::new(Noticed::new(probe, notices, interval)),
        (Some((interval, notices)), Some(within)) => {
            Box::new(Noticed::new(Bounded::new(probe, within), notices, interval))
        }
        (None, _) => polling(probe, options),
    }
}

/// Looks again and again.
#[cfg(not(target_os = "linux"))]
fn follow(probe: DataVersion, _: &Place, options: &Options) -> Box<dyn Watch> {
    polling(probe, options)
}

/// Asks for `data_version`: it differs after a commit by any other connection, in this process or another. For that the
/// connection must be one of its own, outside any transaction.
struct DataVersion {
    connection: SqliteConnection,
    place: Place,
    file: Option<FileId>,
    last: i64,
}

impl Probe for DataVersion {
    fn changed(&mut self) -> Result<bool> {
        // Without this a feed of a file that was deleted or replaced would be silent for ever.
        if self.place.file_id() != self.file {
            return Err(Error::new(ErrorKind::Unavailable).with_detail("the database file was deleted or replaced"));
        }
        match data_version(&mut self.connection) {
            Ok(version) => Ok(std::mem::replace(&mut self.last, version) != version),
            // Somebody is committing; the next look will see what.
            Err(error) if fault::is_busy(&error) => Ok(false),
            Err(error) => Err(fault::of(&error).error),
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
