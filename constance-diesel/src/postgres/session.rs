//! Opens sessions, and sees whether the server was told what they need.

use std::hash::{BuildHasher, RandomState};

use constance_core::Result;
use diesel::connection::CacheSize;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::sql_types::{Bool, Text};
use diesel::{Connection, RunQueryDsl};

use super::target::Target;
use super::{connecting, fault};
use crate::dialect::Options;

/// Opens a session.
///
/// A pooler that lends a connection for one transaction hands the next statement to another server process, which has
/// prepared none of ours, or another client's under the same name. It takes no options of a session; some refuse them and some
/// say nothing. So the server is asked whether it knows a word that only this session was begun with.
pub(super) fn open(target: &Target, options: &Options) -> Result<PgConnection> {
    let word = format!("{:016x}", RandomState::new().hash_one(0));
    let (mut connection, told) = match PgConnection::establish(&target.conninfo(options, Some(&word))) {
        Ok(mut connection) => {
            let told = knows(&mut connection, &word)?;
            (connection, told)
        }
        Err(error) if connecting::is_refused_by_pooler(&error) => {
            let established = PgConnection::establish(&target.conninfo(options, None));
            (established.map_err(|error| connecting::failed(&error))?, false)
        }
        Err(error) => return Err(connecting::failed(&error)),
    };
    if !told {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    Ok(connection)
}

/// Whether it is the server's word too. diesel prepares nothing under a name for a statement that is text.
fn knows(connection: &mut PgConnection, word: &str) -> Result<bool> {
    let asked = sql::<Bool>("SELECT coalesce(current_setting('constance.told', true) = ")
        .bind::<Text, _>(word)
        .sql(", false)")
        .get_result(connection);
    asked.map_err(|error| fault::of(connection, &error).error)
}
