//! Tells of changes of the settings table: pushed by the server where that can be, else looked for.

use constance_core::{Result, backend::Watch};
use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};

use super::migrations::quoted;
use super::target::Target;
use crate::dialect::{Changes, Connect, Purpose, Run, Statement};
use crate::failure::Failure;
#[cfg(feature = "listen")]
use crate::layout::Layout;
use crate::options::Options;
use crate::schema::Tables;
use crate::watch::{ConnectionProbe, polling};

impl Changes for PgConnection {
    type LastSeen = LastSeen;

    /// Opens the feed. Whatever is committed after this returns is told.
    fn open_feed(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
        let connection = PgConnection::open(target, Purpose::Watch, options)?;
        #[cfg_attr(not(feature = "listen"), expect(unused_mut, reason = "the listener asks over its connection"))]
        let mut probe = ConnectionProbe::new(connection, tables.clone())?;
        // Django's table has no trigger, and none is made for it.
        #[cfg(feature = "listen")]
        if tables.layout == Layout::Own {
            match super::listen::open(target, tables, options, &mut probe.connection)? {
                Ok(feed) => return Ok(Box::new(feed)),
                Err(why) => super::listen::log_polling(why),
            }
        }
        Ok(polling(probe, options))
    }

    fn changed(&mut self, tables: &Tables, last_seen: &mut LastSeen) -> Result<bool, Failure> {
        self.run(Statement::Reads(tables), |connection| changed(connection, tables, last_seen))
    }
}

/// What was seen at the last look.
#[derive(Debug, Default)]
pub struct LastSeen {
    /// Which transactions had ended.
    snapshot: String,
    /// What the rows were, without their values.
    rows: Option<String>,
}

/// Whether anything was committed to the table since the last look.
///
/// Every row carries the transaction that wrote it, so a sum over them tells of every writer, also of one that writes the same
/// value again, and needs no trigger and no column. The table is only looked at if any transaction at all has ended since; on a
/// replica always, where the snapshot does not list them.
fn changed(connection: &mut PgConnection, tables: &Tables, seen: &mut LastSeen) -> QueryResult<bool> {
    let table = quoted(&tables.settings);
    let look = sql::<(Text, Nullable<Text>)>(
        "SELECT txid_current_snapshot()::text, \
         CASE WHEN txid_current_snapshot()::text <> ",
    )
    .bind::<Text, _>(&seen.snapshot)
    .sql(&format!(
        " OR pg_is_in_recovery() \
         THEN (SELECT concat(count(*), ' ', sum(hashtext(concat(xmin, ' ', \"key\"))::bigint)) FROM {table}) END"
    ));
    let (snapshot, rows) = look.get_result::<(String, Option<String>)>(connection)?;
    seen.snapshot = snapshot;
    // A snapshot of the same transactions holds the same rows.
    let Some(rows) = rows else { return Ok(false) };
    Ok(seen.rows.replace(rows.clone()) != Some(rows))
}
