//! Reads and writes of SQLite, beside the bare diesel query on a pool of the same kind: `cargo xtask bench sqlite`.

use std::error::Error;
use std::time::Duration;

use constance_bench::Table;
use constance_core::{
    Backend, Config, Prefix, Settings,
    backend::{Encoded, Key},
};
use constance_diesel::SqliteBackend;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::upsert::excluded;

mod sql;

use sql::{BOUND, Raw, decoded, read, sets};

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
        }
    }
    pub(crate) use self::constance_settings::{dsl, table};
}

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
}

/// What the backend says to a connection of its own.
#[derive(Debug)]
struct AsOurs;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for AsOurs {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        let said = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = NORMAL";
        connection.batch_execute(said).map_err(diesel::r2d2::Error::QueryError)
    }
}

fn raw_get(connection: &mut SqliteConnection) -> u64 {
    use self::settings::dsl::{key, value};

    let found: Option<Vec<u8>> = settings::table
        .filter(key.eq("the_answer"))
        .select(value)
        // Not `first`: the LIMIT that it adds keeps diesel from finding the statement in its cache.
        .get_result(connection)
        .optional()
        .unwrap_or_default();
    decoded(found)
}

fn raw_many(connection: &mut SqliteConnection, keys: &[Key]) -> u64 {
    use self::settings::dsl::{key, value};

    let query = settings::table.filter(key.eq_any(keys.iter().map(Key::as_str))).select((key, value));
    query.load::<(String, Vec<u8>)>(connection).map_or(0, |rows| rows.len() as u64)
}

fn raw_range(connection: &mut SqliteConnection, keys: &[Key]) -> u64 {
    use self::settings::dsl::{key, value};

    let (low, high) = (keys[0].as_str(), keys[keys.len() - 1].as_str());
    let query = settings::table.filter(key.ge(low).and(key.le(high))).select((key, value));
    query.load::<(String, Vec<u8>)>(connection).map_or(0, |rows| rows.len() as u64)
}

fn raw_set(connection: &mut SqliteConnection, name: &str, bytes: &[u8]) -> QueryResult<usize> {
    use self::settings::dsl::{key, revision, value};

    diesel::insert_into(settings::table)
        .values((key.eq(name), value.eq(bytes), revision.eq(1)))
        .on_conflict(key)
        .do_update()
        .set((value.eq(excluded(value)), revision.eq(revision + 1)))
        .execute(connection)
}

fn raw_swap(connection: &mut SqliteConnection, name: &str, bytes: &[u8]) -> QueryResult<usize> {
    use self::settings::dsl::{key, revision, value};

    let update = diesel::update(settings::table.filter(key.eq(name).and(value.eq(bytes))));
    update.set((value.eq(bytes), revision.eq(revision + 1))).execute(connection)
}

fn raw_batch(connection: &mut SqliteConnection, keys: &[Key], bytes: &[u8]) -> QueryResult<usize> {
    connection.immediate_transaction(|connection| {
        keys.iter().try_fold(0, |sum, name| Ok(sum + raw_set(connection, name.as_str(), bytes)?))
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("bench.sqlite3");
    let url = format!("sqlite://{}", file.display());
    let backend = SqliteBackend::from_url(&url)?;
    Backend::migrate(&backend)?;
    let config = Config::<Shop>::new(SqliteBackend::from_url(&url)?);
    let bounded = Config::<Shop>::new(SqliteBackend::builder().url(&url).call_timeout(BOUND).build()?);
    config.set(Shop::THE_ANSWER, 300)?;
    let keys: Vec<Key> = (0..1000).map(|n| Prefix::empty().key(&format!("key{n:03}"))).collect::<Result<_, _>>()?;
    let bytes = Encoded::from(vec![b'x'; 20]);
    backend.write(&sets(&keys, &bytes)?)?;
    let manager = ConnectionManager::<SqliteConnection>::new(file.display().to_string());
    // As our own pool is: connections are made when they are asked for, and not tested.
    let pool = Pool::builder().max_size(2).min_idle(Some(0)).test_on_check_out(false);
    let pool = pool.connection_customizer(Box::new(AsOurs)).build_unchecked(manager);
    let raw = Raw { pool, set: raw_set, swap: raw_swap, batch: raw_batch };
    let [few, dense, many] = [13, 100, 1000].map(|count| &keys[..count]);

    Table::new()
        .row("diesel, cached query, pooled connection", None, || || raw.read(raw_get))
        .row("SQLite, Config::get of an integer", Some("diesel, cached query, pooled connection"), || {
            || config.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .row("with a call_timeout", Some("SQLite, Config::get of an integer"), || {
            || bounded.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .row("diesel, IN of 13", None, || || raw.read(|c| raw_many(c, few)))
        .row("read of 13", Some("diesel, IN of 13"), || || read(&backend, few))
        .row("diesel, IN of 100", None, || || raw.read(|c| raw_many(c, dense)))
        .row("read of 100", Some("diesel, IN of 100"), || || read(&backend, dense))
        .row("diesel, IN of 1,000", None, || || raw.read(|c| raw_many(c, many)))
        .row("diesel, the range of 1,000", None, || || raw.read(|c| raw_range(c, many)))
        .row("read of 1,000", Some("diesel, the range of 1,000"), || || read(&backend, many))
        .print("Reads of SQLite", Duration::from_millis(10));

    // The file has one writer at a time all the same.
    sql::writes("Writes of SQLite", &raw, &backend, &keys, &bytes, false);
    Ok(())
}
