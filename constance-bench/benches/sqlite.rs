//! Reads of SQLite, beside the bare diesel query on a pool of the same kind: `cargo xtask bench sqlite`.

use std::time::Duration;

use constance_bench::Table;
use constance_core::{Backend, Config, Settings};
use constance_diesel::SqliteBackend;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

diesel::table! {
    /// The backend's table.
    constance_settings (key) {
        /// The stored key.
        key -> Text,
        /// The value.
        value -> Binary,
    }
}

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
}

fn raw(connection: &mut SqliteConnection) -> u64 {
    let value: Option<Vec<u8>> = constance_settings::table
        .filter(constance_settings::key.eq("the_answer"))
        .select(constance_settings::value)
        // Not `first`: the LIMIT that it adds keeps diesel from finding the statement in its cache.
        .get_result(connection)
        .optional()
        .unwrap_or_default();
    value.map_or(0, |bytes| rmp_serde::from_slice::<i64>(bytes.get(2..).unwrap_or_default()).unwrap_or(0)) as u64
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("bench.sqlite3");
    let backend = SqliteBackend::from_url(&format!("sqlite://{}", file.display()))?;
    Backend::migrate(&backend)?;
    let config = Config::<Shop>::new(backend);
    config.set(Shop::THE_ANSWER, 300)?;
    let manager = ConnectionManager::<SqliteConnection>::new(file.display().to_string());
    // As our own pool is: connections are made when they are asked for, and not tested.
    let pool = Pool::builder().max_size(2).min_idle(Some(0)).test_on_check_out(false).build_unchecked(manager);

    Table::new()
        .row("diesel, cached query, pooled connection", None, || || pool.get().map_or(0, |mut c| raw(&mut c)))
        .row("SQLite, Config::get of an integer", Some("diesel, cached query, pooled connection"), || {
            || config.get(Shop::THE_ANSWER).unwrap_or(0) as u64
        })
        .print("Reads of SQLite", Duration::from_millis(10));
    Ok(())
}
