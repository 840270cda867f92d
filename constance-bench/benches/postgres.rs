//! Reads and writes of PostgreSQL, beside the bare diesel query on a pool of the same kind: `cargo xtask bench postgres`.
//!
//! It uses the server of `CONSTANCE_POSTGRES_URL`, and does nothing where there is none.
#![allow(clippy::print_stderr, reason = "a benchmark says why it does nothing")]

use std::error::Error;
use std::time::Duration;

use constance_bench::Table;
use constance_core::{
    Backend, Config, Prefix, Settings,
    backend::{Encoded, Key},
};
use constance_diesel::PostgresBackend;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::upsert::excluded;

mod sql;

use sql::{BOUND, Raw, decoded, read, sets};

/// The name that an application gives the table would not be in the statements; this is the usual one.
mod settings {
    diesel::table! {
        /// The backend's table.
        constance_settings (key) {
            /// The stored key.
            key -> Text,
            /// The value.
            value -> Binary,
            /// How often it was changed.
            revision -> BigInt,
            /// When it was changed.
            changed_at -> Timestamptz,
        }
    }
    pub(crate) use self::constance_settings::{dsl, table};
}

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
}

fn raw_get(connection: &mut PgConnection) -> u64 {
    use self::settings::dsl::{key, value};

    let found: Option<Vec<u8>> = settings::table
        .filter(key.eq("the_answer"))
        .select(value)
        .get_result(connection)
        .optional()
        .unwrap_or_default();
    decoded(found)
}

fn raw_many(connection: &mut PgConnection, keys: &[Key]) -> u64 {
    use self::settings::dsl::{key, value};

    let keys: Vec<&str> = keys.iter().map(Key::as_str).collect();
    let query = settings::table.filter(key.eq_any(keys)).select((key, value));
    query.load::<(String, Vec<u8>)>(connection).map_or(0, |rows| rows.len() as u64)
}

fn raw_range(connection: &mut PgConnection, keys: &[Key]) -> u64 {
    use self::settings::dsl::{key, value};

    let (low, high) = (keys[0].as_str(), keys[keys.len() - 1].as_str());
    let query = settings::table.filter(key.ge(low).and(key.le(high))).select((key, value));
    query.load::<(String, Vec<u8>)>(connection).map_or(0, |rows| rows.len() as u64)
}

fn raw_set(connection: &mut PgConnection, name: &str, bytes: &[u8]) -> QueryResult<usize> {
    use self::settings::dsl::{changed_at, key, revision, value};

    let now = diesel::dsl::now;
    let insert = diesel::insert_into(settings::table)
        .values((key.eq(name), value.eq(bytes), revision.eq(1), changed_at.eq(now)))
        .on_conflict(key)
        .do_update()
        .set((value.eq(excluded(value)), revision.eq(revision + 1), changed_at.eq(excluded(changed_at))));
    insert.execute(connection)
}

fn raw_swap(connection: &mut PgConnection, name: &str, bytes: &[u8]) -> QueryResult<usize> {
    use self::settings::dsl::{changed_at, key, revision, value};

    let update = diesel::update(settings::table.filter(key.eq(name).and(value.eq(bytes))));
    let update = update.set((value.eq(bytes), revision.eq(revision + 1), changed_at.eq(diesel::dsl::now)));
    update.execute(connection)
}

fn raw_batch(connection: &mut PgConnection, keys: &[Key], bytes: &[u8]) -> QueryResult<usize> {
    connection.transaction(|connection| {
        keys.iter().try_fold(0, |sum, name| Ok(sum + raw_set(connection, name.as_str(), bytes)?))
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    constance_diesel::init_openssl();
    let Ok(base) = std::env::var("CONSTANCE_POSTGRES_URL") else {
        eprintln!("skipped: CONSTANCE_POSTGRES_URL names no server");
        return Ok(());
    };
    PgConnection::establish(&base)?.batch_execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")?;
    let mark = if base.contains('?') { '&' } else { '?' };
    let url = format!("{base}{mark}options=-c%20search_path%3Dbench");
    let backend = PostgresBackend::from_url(&url)?;
    backend.migrate()?;
    let config = Config::<Shop>::new(PostgresBackend::from_url(&url)?);
    let bounded = Config::<Shop>::new(PostgresBackend::builder().url(&url).call_timeout(BOUND).build()?);
    config.set(Shop::THE_ANSWER, 300)?;
    let keys: Vec<Key> = (0..1000).map(|n| Prefix::empty().key(&format!("key{n:03}"))).collect::<Result<_, _>>()?;
    let bytes = Encoded::from(vec![b'x'; 20]);
    backend.write(&sets(&keys, &bytes)?)?;
    PgConnection::establish(&url)?.batch_execute("ANALYZE constance_settings")?;
    // As our own pool is: connections are made when they are asked for, and not tested.
    let manager = ConnectionManager::<PgConnection>::new(&url);
    let pool = Pool::builder().max_size(4).min_idle(Some(0)).test_on_check_out(false).build_unchecked(manager);
    let raw = Raw { pool, set: raw_set, swap: raw_swap, batch: raw_batch };
    let [few, some, dense, many] = [13, 32, 100, 1000].map(|count| &keys[..count]);

    Table::new()
        .row("diesel, one key", None, || || raw.read(raw_get))
        .row("Config::get of an integer", Some("diesel, one key"), || {
            || config.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .row("with a call_timeout", Some("Config::get of an integer"), || {
            || bounded.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .row("diesel, = ANY of 13", None, || || raw.read(|c| raw_many(c, few)))
        .row("read of 13", Some("diesel, = ANY of 13"), || || read(&backend, few))
        .row("diesel, = ANY of 32", None, || || raw.read(|c| raw_many(c, some)))
        .row("read of 32", Some("diesel, = ANY of 32"), || || read(&backend, some))
        .row("diesel, = ANY of 100", None, || || raw.read(|c| raw_many(c, dense)))
        .row("read of 100", Some("diesel, = ANY of 100"), || || read(&backend, dense))
        .row("diesel, = ANY of 1,000", None, || || raw.read(|c| raw_many(c, many)))
        .row("diesel, the range of 1,000", None, || || raw.read(|c| raw_range(c, many)))
        .row("read of 1,000", Some("diesel, the range of 1,000"), || || read(&backend, many))
        .print("Reads of PostgreSQL", Duration::from_millis(10));

    sql::writes("Writes of PostgreSQL", &raw, &backend, &keys, &bytes, true);
    Ok(())
}
