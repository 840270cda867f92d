//! Opens sessions, and sees whether the server was told what they need.

use std::hash::{BuildHasher, RandomState};

use constance_core::Result;
use diesel::connection::{CacheSize, SimpleConnection};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::sql_types::{Bool, Text};
use diesel::{Connection, RunQueryDsl};

use super::policies::Rows;
use super::target::Target;
use super::{connecting, fault, policies};
use crate::dialect::{Options, Purpose};

/// Opens a session.
///
/// A pooler that lends a connection for one transaction hands the next statement to another server process, which has
/// prepared none of ours, or another client's under the same name. It takes no options of a session; some refuse them and some
/// say nothing. So the server is asked whether it knows a word that only this session was begun with.
///
/// Where row level security leaves the user nothing of the table, that is an error here: reading would find nothing. The
/// sessions otherwise refuse to be filtered (`row_security = off`), so that a policy that comes later is noticed, unless there
/// is one already that says what the user may see.
pub(super) fn open(target: &Target, purpose: Purpose, options: &Options) -> Result<PgConnection> {
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
    if let (Some(table), false) = (&options.table, purpose == Purpose::Migrate) {
        let rows = Rows::ask(&mut connection, table);
        match rows.map_err(|error| fault::of(&mut connection, &error).error)? {
            Rows::All => {}
            Rows::None => return Err(policies::hides()),
            // Behind a pooler the server is filtering already: it was not told otherwise.
            Rows::OfPolicies if told => {
                let set = connection.batch_execute("SET row_security = on");
                set.map_err(|error| fault::of(&mut connection, &error).error)?;
            }
            Rows::OfPolicies => {}
        }
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
