//! MySQL and MariaDB, beside the bare diesel query on a pool of the same kind: `cargo xtask bench mysql`.
//!
//! It uses the server of `CONSTANCE_MARIADB_URL`, which xtask starts, or of `CONSTANCE_MYSQL_URL`.
#![allow(clippy::print_stderr, reason = "a benchmark says why it does nothing")]
#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up measures nothing")]

use std::cell::Cell;
use std::error::Error;
use std::time::Duration;

use constance_bench::Table;
use constance_core::{
    Backend, Config, Prefix, Settings,
    backend::{Batch, Change, Encoded, Expect, Key, Stored},
};
use constance_diesel::MysqlBackend;
use diesel::connection::SimpleConnection;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

diesel::table! {
    /// The backend's table.
    bench (key) {
        /// The stored key.
        key -> Binary,
        /// The value.
        value -> Binary,
        /// How often it was changed.
        revision -> BigInt,
    }
}

/// What a call may take where it is bounded.
const BOUND: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
}

const NEVER_PASSED: &str = "a statement of the benchmark failed";

fn get(connection: &mut MysqlConnection) -> u64 {
    let value: Option<Vec<u8>> = bench::table
        .filter(bench::key.eq(&b"a:the_answer"[..]))
        .select(bench::value)
        // Not `first`: the LIMIT that it adds keeps diesel from finding the statement in its cache.
        .get_result(connection)
        .optional()
        .unwrap_or_default();
    value.map_or(0, |bytes| rmp_serde::from_slice::<i64>(bytes.get(3..).unwrap_or_default()).unwrap_or(0)) as u64
}

fn get_many(connection: &mut MysqlConnection, keys: &[Key]) -> u64 {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = bench::table
        .filter(bench::key.eq_any(keys.iter().map(|key| key.as_str().as_bytes())))
        .select((bench::key, bench::value))
        .load(connection)
        .unwrap_or_default();
    rows.len() as u64
}

fn get_range(connection: &mut MysqlConnection, from: &str, to: &str) -> u64 {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = bench::table
        .filter(bench::key.ge(from.as_bytes()))
        .filter(bench::key.le(to.as_bytes()))
        .select((bench::key, bench::value))
        .load(connection)
        .unwrap_or_default();
    rows.len() as u64
}

fn upsert(connection: &mut MysqlConnection, key: &str, value: &[u8]) -> QueryResult<usize> {
    diesel::insert_into(bench::table)
        .values((bench::key.eq(key.as_bytes()), bench::value.eq(value), bench::revision.eq(1)))
        .on_conflict(diesel::dsl::DuplicatedKeys)
        .do_update()
        .set((bench::value.eq(value), bench::revision.eq(bench::revision + 1)))
        .execute(connection)
}

fn compare_and_set(connection: &mut MysqlConnection, key: &str, old: &[u8], new: &[u8]) -> QueryResult<usize> {
    diesel::update(bench::table.filter(bench::key.eq(key.as_bytes())).filter(bench::value.eq(old)))
        .set((bench::value.eq(new), bench::revision.eq(bench::revision + 1)))
        .execute(connection)
}

fn read(backend: &MysqlBackend, keys: &[Key]) -> u64 {
    let found = backend.read(&keys.iter().collect::<Vec<_>>()).unwrap_or_default();
    found.iter().filter(|stored| **stored != Stored::Absent).count() as u64
}

fn set(key: &Key, value: &[u8]) -> Change {
    Change::set(key.clone(), Encoded::from(value))
}

fn main() -> Result<(), Box<dyn Error>> {
    constance_diesel::init_openssl();
    let Some(url) = ["CONSTANCE_MARIADB_URL", "CONSTANCE_MYSQL_URL"].iter().find_map(|name| std::env::var(name).ok())
    else {
        eprintln!("skipped: neither CONSTANCE_MARIADB_URL nor CONSTANCE_MYSQL_URL is set");
        return Ok(());
    };
    let mut raw = MysqlConnection::establish(&url)?;
    raw.batch_execute("DROP TABLE IF EXISTS bench, bench_migrations")?;
    let backend = MysqlBackend::builder().url(&url).table("bench").build()?;
    backend.migrate()?;
    let of = Prefix::new("a:")?;
    let builder = || MysqlBackend::builder().url(&url).table("bench").default_prefix(of.clone());
    let config = Config::<Shop>::new(builder().build()?);
    let bounded = Config::<Shop>::new(builder().call_timeout(BOUND).build()?);
    config.set(Shop::THE_ANSWER, 300)?;
    // Two prefixes: keys of both are looked up one by one, those of one may be read as a range.
    let prefixes = [Prefix::new("many:")?, Prefix::new("more:")?];
    let mixed: Vec<Key> = (0..1000).map(|at| prefixes[at % 2].key(&format!("key{at:04}"))).collect::<Result<_, _>>()?;
    let one: Vec<Key> = (0..1000).map(|at| of.key(&format!("key{at:04}"))).collect::<Result<_, _>>()?;
    let all = mixed.iter().chain(&one).map(|key| set(key, &[b'x'; 30])).collect();
    backend.write(&Batch::new(all)?)?;
    raw.batch_execute("ANALYZE TABLE bench")?;

    // As our own pool is: connections are made when they are asked for, and not tested.
    let manager = ConnectionManager::<MysqlConnection>::new(&url);
    let pool = Pool::builder().max_size(2).min_idle(Some(0)).test_on_check_out(false).build_unchecked(manager);
    let bare =
        |work: &dyn Fn(&mut MysqlConnection) -> u64| pool.get().map_or(0, |mut connection| work(&mut connection));
    let counted = |rows: QueryResult<usize>| rows.map_err(|_| NEVER_PASSED).map_or(0, |rows| rows as u64);

    let mut table = Table::new()
        .row("diesel, get", None, || || bare(&get))
        .row("Config::get of an integer", Some("diesel, get"), || || config.get(Shop::THE_ANSWER).unwrap_or(0) as u64)
        .row("with a call_timeout", Some("Config::get of an integer"), || {
            || bounded.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        });
    for (floor, name, range, count) in [
        ("diesel, IN of 13", "read of 13", "read of 13 under one prefix", 13),
        ("diesel, IN of 100", "read of 100", "read of 100 under one prefix", 100),
        ("diesel, IN of 1,000", "read of 1,000", "read of 1,000 under one prefix", 1000),
    ] {
        let (mixed, one, backend) = (&mixed[..count], &one[..count], &backend);
        table = table
            .row(floor, None, move || move || bare(&|c| get_many(c, mixed)))
            .row(name, Some(floor), move || move || read(backend, mixed))
            .row(range, Some(floor), move || move || read(backend, one));
    }
    table
        .row("diesel, key and value of the range of 1,000", None, || {
            || bare(&|c| get_range(c, "a:key0000", "a:key0999"))
        })
        .row("a snapshot of 1,000", Some("diesel, key and value of the range of 1,000"), || || read(&backend, &one))
        .print("Reads of MySQL", Duration::from_millis(10));

    let batch: Vec<Key> = mixed[..100].to_vec();
    let next = |cell: &Cell<u64>| cell.replace(cell.get() + 1).to_string().into_bytes();
    Table::new()
        .row("diesel, upsert", None, || {
            let at = Cell::new(0);
            move || bare(&|c| counted(upsert(c, "a:set", &next(&at))))
        })
        .row("a set", Some("diesel, upsert"), || {
            let (at, key) = (Cell::new(0), of.key("set").expect("a valid name"));
            let backend = &backend;
            move || u64::from(backend.write(&Batch::one(set(&key, &next(&at)))).is_ok())
        })
        .row("diesel, update where the value is", None, || {
            let at = Cell::new(false);
            // It starts from the same value in each round, and is one that is there: else nothing would be written.
            bare(&|c| counted(upsert(c, "a:cas", b"2")));
            move || {
                let (old, new) = if at.replace(!at.get()) { (b"1", b"2") } else { (b"2", b"1") };
                bare(&|c| counted(compare_and_set(c, "a:cas", old, new)))
            }
        })
        .row("a compare-and-set", Some("diesel, update where the value is"), || {
            let (at, key) = (Cell::new(false), of.key("cas2").expect("a valid name"));
            let backend = &backend;
            backend.write(&Batch::one(set(&key, b"2"))).expect("a row");
            move || {
                let (old, new) = if at.replace(!at.get()) { (b"1", b"2") } else { (b"2", b"1") };
                let expect = Expect::Equals(Encoded::from(&old[..]));
                u64::from(backend.write(&Batch::one(set(&key, new).expecting(expect))).is_ok())
            }
        })
        .row("diesel, a transaction of 100 upserts", None, || {
            let (at, keys) = (Cell::new(0), &batch);
            move || {
                let value = next(&at);
                bare(&|c| {
                    let done =
                        c.transaction(|c| keys.iter().try_for_each(|key| upsert(c, key.as_str(), &value).map(drop)));
                    counted(done.map(|()| 1))
                })
            }
        })
        .row("a batch of 100", Some("diesel, a transaction of 100 upserts"), || {
            let (at, keys, backend) = (Cell::new(0), &batch, &backend);
            move || {
                let value = next(&at);
                let changes = keys.iter().map(|key| set(key, &value)).collect();
                u64::from(Batch::new(changes).is_ok_and(|batch| backend.write(&batch).is_ok()))
            }
        })
        .print("Writes of MySQL", Duration::from_millis(20));
    raw.batch_execute("DROP TABLE IF EXISTS bench, bench_migrations")?;
    Ok(())
}
