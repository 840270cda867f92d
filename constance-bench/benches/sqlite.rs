//! Reads and writes of SQLite, beside the bare diesel query on a pool of the same kind: `cargo xtask bench sqlite`.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use constance_bench::Table;
use constance_core::{Backend, Batch, Change, Config, Encoded, Expect, Key, Prefix, Settings};
use constance_diesel::SqliteBackend;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::upsert::excluded;

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

/// What a call may take where it is bounded.
const BOUND: Duration = Duration::from_secs(2);

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
    found.map_or(0, |bytes| rmp_serde::from_slice::<i64>(bytes.get(3..).unwrap_or_default()).unwrap_or(0)) as u64
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

fn read(backend: &SqliteBackend, keys: &[Key]) -> u64 {
    backend.read(&keys.iter().collect::<Vec<_>>()).map_or(0, |found| found.len() as u64)
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
    let sets = |keys: &[Key]| Batch::new(keys.iter().map(|key| Change::set(key.clone(), bytes.clone())).collect());
    backend.write(&sets(&keys)?)?;
    let manager = ConnectionManager::<SqliteConnection>::new(file.display().to_string());
    // As our own pool is: connections are made when they are asked for, and not tested.
    let pool = Pool::builder().max_size(2).min_idle(Some(0)).test_on_check_out(false);
    let pool = pool.connection_customizer(Box::new(AsOurs)).build_unchecked(manager);
    let raw =
        |work: &dyn Fn(&mut SqliteConnection) -> u64| pool.get().map_or(0, |mut connection| work(&mut connection));
    let written = |work: &dyn Fn(&mut SqliteConnection) -> QueryResult<usize>| raw(&|c| work(c).unwrap_or(0) as u64);
    let [few, dense, many] = [13, 100, 1000].map(|count| &keys[..count]);

    Table::new()
        .row("diesel, cached query, pooled connection", None, || || raw(&raw_get))
        .row("SQLite, Config::get of an integer", Some("diesel, cached query, pooled connection"), || {
            || config.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .row("with a call_timeout", Some("SQLite, Config::get of an integer"), || {
            || bounded.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .row("diesel, IN of 13", None, || || raw(&|c| raw_many(c, few)))
        .row("read of 13", Some("diesel, IN of 13"), || || read(&backend, few))
        .row("diesel, IN of 100", None, || || raw(&|c| raw_many(c, dense)))
        .row("read of 100", Some("diesel, IN of 100"), || || read(&backend, dense))
        .row("diesel, IN of 1,000", None, || || raw(&|c| raw_many(c, many)))
        .row("diesel, the range of 1,000", None, || || raw(&|c| raw_range(c, many)))
        .row("read of 1,000", Some("diesel, the range of 1,000"), || || read(&backend, many))
        .print("Reads of SQLite", Duration::from_millis(10));

    // Each thread writes its own keys; the file has one writer at a time all the same.
    let threads = AtomicUsize::new(0);
    let own = |count: usize| {
        let from = threads.fetch_add(1, Ordering::Relaxed) % 2 * 500;
        &keys[from..from + count]
    };
    let bytes_of = bytes.as_bytes();
    let write = |batch: &Batch| u64::from(backend.write(batch).is_ok());
    let one = |expect: Expect| Batch::one(Change::set(own(1)[0].clone(), bytes.clone()).expecting(expect));
    Table::new()
        .row("diesel, upsert", None, || {
            let keys = own(1);
            move || written(&|c| raw_set(c, keys[0].as_str(), bytes_of))
        })
        .row("set", Some("diesel, upsert"), || {
            let batch = one(Expect::Any);
            move || write(&batch)
        })
        .row("diesel, compare and set", None, || {
            let keys = own(1);
            move || written(&|c| raw_swap(c, keys[0].as_str(), bytes_of))
        })
        .row("compare and set", Some("diesel, compare and set"), || {
            let batch = one(Expect::Equals(bytes.clone()));
            move || write(&batch)
        })
        .row("diesel, 100 upserts in a transaction", None, || {
            let keys = own(100);
            move || written(&|c| raw_batch(c, keys, bytes_of))
        })
        .row("batch of 100", Some("diesel, 100 upserts in a transaction"), || {
            let batch = sets(own(100)).ok();
            move || batch.as_ref().map_or(0, write)
        })
        .print("Writes of SQLite", Duration::from_millis(20));
    Ok(())
}
