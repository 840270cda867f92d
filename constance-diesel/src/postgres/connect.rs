//! Opens connections, and finds out whether the server has the options that they need.

use std::hash::{BuildHasher, RandomState};

use constance_core::Result;
use diesel::connection::{CacheSize, SimpleConnection};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel::{Connection, RunQueryDsl};

use super::row_security::{ROW_SECURITY, VisibleRows};
use super::target::Target;
use super::{connect_error, row_security};
use crate::dialect::{Connect, Diagnose, Purpose};
use crate::options::Options;

impl Connect for PgConnection {
    const HAS_NETWORK: bool = true;

    type Target = Target;

    fn open(target: &Target, purpose: Purpose, options: &Options) -> Result<Self> {
        open(target, purpose, options)
    }
}

/// Opens a session.
///
/// A pooler that lends a connection for one transaction hands the next statement to another server process, which has
/// prepared none of ours, or another client's under the same name. It takes no options of a session; some refuse them and some
/// say nothing. So the server is asked whether it knows a token that only this session was begun with.
///
/// Where row level security leaves the user nothing of the table, that is an error here: reading would find nothing. The
/// sessions otherwise refuse to be filtered (`row_security = off`), so that a policy that comes later is noticed, unless there
/// is one already that says what the user may see.
fn open(target: &Target, purpose: Purpose, options: &Options) -> Result<PgConnection> {
    let token = format!("{:016x}", RandomState::new().hash_one(0));
    let table = options.table.as_deref().filter(|_| purpose != Purpose::Migrate);
    let (mut connection, token) = match PgConnection::establish(&target.conninfo(options, Some(&token))) {
        Ok(connection) => (connection, Some(token)),
        Err(error) if connect_error::is_refused_by_pooler(&error) => {
            let established = PgConnection::establish(&target.conninfo(options, None));
            (established.map_err(|error| connect_error::of(&error))?, None)
        }
        Err(error) => return Err(connect_error::of(&error)),
    };
    let (knows_token, rows) = ask(&mut connection, token.as_deref(), table)?;
    if !knows_token {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    match rows {
        VisibleRows::All => {}
        VisibleRows::None => return Err(row_security::hides_everything()),
        // Behind a pooler the server filters already: it did not get the option that turns it off.
        VisibleRows::OfPolicies if knows_token => {
            let set = connection.batch_execute("SET row_security = on");
            set.map_err(|error| connection.diagnose(&error.into()).error)?;
        }
        VisibleRows::OfPolicies => {}
    }
    Ok(connection)
}

/// Whether the server knows the token, and which rows of the table there are; of none all. diesel prepares nothing under a name
/// for a statement that is text.
fn ask(connection: &mut PgConnection, token: Option<&str>, table: Option<&str>) -> Result<(bool, VisibleRows)> {
    let asked = sql::<(Bool, Bool, Bool)>("SELECT coalesce(current_setting('constance.told', true) = ")
        .bind::<Nullable<Text>, _>(token)
        .sql(&format!(", false), {ROW_SECURITY} FROM (SELECT to_regclass(quote_ident("))
        .bind::<Nullable<Text>, _>(table)
        .sql("))::oid AS oid) AS t")
        .get_result(connection);
    match asked {
        Ok((knows_token, filtered, by_policy)) => Ok((knows_token, VisibleRows::of(filtered, by_policy))),
        Err(error) => Err(connection.diagnose(&error.into()).error),
    }
}
