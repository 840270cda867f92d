//! Opens connections.

use constance_core::{Error, ErrorKind, Result};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::result::QueryResult;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, RunQueryDsl};

use super::diagnose;
use super::target::Target;
use crate::diagnosis::Diagnosis;
use crate::dialect::{Connect, Diagnose, Purpose};
use crate::options::Options;

impl Connect for SqliteConnection {
    const HAS_NETWORK: bool = false;

    type Target = Target;

    fn open(target: &Target, purpose: Purpose, options: &Options) -> Result<Self> {
        if target.creates(purpose) {
            target.create(options.file_mode);
        }
        let established = SqliteConnection::establish(&target.uri(purpose));
        let mut connection = established.map_err(|error| diagnose::connect_error(error, target))?;
        set_up(&mut connection, purpose, options).map_err(|error| diagnose::set_up_error(error.into(), target))?;
        Ok(connection)
    }

    fn target_of_connection(&mut self) -> Result<Option<Target>, Diagnosis> {
        let file = sql::<Text>("SELECT file FROM pragma_database_list WHERE name = 'main'").get_result::<String>(self);
        match file {
            Ok(file) if !file.is_empty() => Ok(Some(Target::at(&file))),
            Ok(_) => Err(Diagnosis::usable(
                Error::new(ErrorKind::Unsupported).with_detail("a database without a file has no feed of changes"),
            )),
            Err(error) => Err(self.diagnose(&error.into())),
        }
    }
}

/// Sets a connection up before it is used.
fn set_up(connection: &mut SqliteConnection, purpose: Purpose, options: &Options) -> QueryResult<()> {
    // A feed rather asks again in a moment than waits where nobody can interrupt it.
    let busy = if purpose == Purpose::Watch { 0 } else { options.busy_timeout.as_millis().min(i32::MAX as u128) };
    // First of all, since everything after it may meet a lock.
    connection.batch_execute(&format!("PRAGMA busy_timeout = {busy}"))?;
    // Only looked at: the mode is written into the file, which is a matter of migrating, not of reading. With the
    // write-ahead log NORMAL loses no consistency, and a write need not wait for the disk.
    if journal_mode(connection, "PRAGMA journal_mode")? == "wal" {
        connection.batch_execute("PRAGMA synchronous = NORMAL")?;
    }
    Ok(())
}

/// The journal mode after this statement.
pub(super) fn journal_mode(connection: &mut SqliteConnection, pragma: &str) -> QueryResult<String> {
    sql::<Text>(pragma).get_result(connection)
}
