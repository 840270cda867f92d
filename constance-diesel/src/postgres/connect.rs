//! Opens sessions, and sees whether the server was told what they need.

use std::hash::{BuildHasher, RandomState};

use constance_core::Result;
use diesel::connection::{CacheSize, SimpleConnection};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel::{Connection, RunQueryDsl};

use super::policies::{ASKED, Rows};
use super::target::Target;
use super::{connect_failure, failure, policies};
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
    let table = options.table.as_deref().filter(|_| purpose != Purpose::Migrate);
    let (mut connection, word) = match PgConnection::establish(&target.conninfo(options, Some(&word))) {
        Ok(connection) => (connection, Some(word)),
        Err(error) if connect_failure::is_refused_by_pooler(&error) => {
            let established = PgConnection::establish(&target.conninfo(options, None));
            (established.map_err(|error| connect_failure::failed(&error))?, None)
        }
        Err(error) => return Err(connect_failure::failed(&error)),
    };
    let (told, rows) = ask(&mut connection, word.as_deref(), table)?;
    if !told {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    match rows {
        Rows::All => {}
        Rows::None => return Err(policies::hides()),
        // Behind a pooler the server is filtering already: it was not told otherwise.
        Rows::OfPolicies if told => {
            let set = connection.batch_execute("SET row_security = on");
            set.map_err(|error| failure::of(&mut connection, &error).error)?;
        }
        Rows::OfPolicies => {}
    }
    Ok(connection)
}

/// Whether it is the server's word too, and which rows of the table there are; of none all. diesel prepares nothing under a name
/// for a statement that is text.
fn ask(connection: &mut PgConnection, word: Option<&str>, table: Option<&str>) -> Result<(bool, Rows)> {
    let asked = sql::<(Bool, Bool, Bool)>("SELECT coalesce(current_setting('constance.told', true) = ")
        .bind::<Nullable<Text>, _>(word)
        .sql(&format!(", false), {ASKED} FROM (SELECT to_regclass(quote_ident("))
        .bind::<Nullable<Text>, _>(table)
        .sql("))::oid AS oid) AS t")
        .get_result(connection);
    match asked {
        Ok((told, filtered, by_policy)) => Ok((told, Rows::of(filtered, by_policy))),
        Err(error) => Err(failure::of(connection, &error).error),
    }
}
