//! A pool of the application's own, and settings that are committed together with its other work, or not at all.
//!
//! ```text
//! cargo run -p constance-diesel --example own_pool_and_transaction --features sqlite,bundled
//! ```
//!
//! On PostgreSQL and MySQL call `constance_diesel::init_openssl()` first: see `DieselBackend::with_pool`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;

use constance_core::{Config, Settings};
use constance_diesel::SqliteBackend;
use constance_diesel::diesel::SqliteConnection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, CustomizeConnection, Error, Pool};

/// Live settings of the shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// Number of the next invoice
    #[setting(default = 1, min = 1)]
    next_invoice: i64,
}

/// SQLite's own default is not to wait for a lock.
#[derive(Debug)]
struct Wait;

impl CustomizeConnection<SqliteConnection, Error> for Wait {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        connection.batch_execute("PRAGMA busy_timeout = 5000").map_err(Error::QueryError)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let manager = ConnectionManager::<SqliteConnection>::new(folder.path().join("app.sqlite3").display().to_string());
    let pool = Pool::builder().max_size(4).connection_customizer(Box::new(Wait)).build(manager)?;
    pool.get()?.batch_execute("CREATE TABLE invoices (number INTEGER PRIMARY KEY)")?;

    let backend = Arc::new(SqliteBackend::with_pool(pool.clone()));
    backend.migrate()?;
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let live = config.live()?;

    let mut connection = pool.get()?;
    let failed = connection.immediate_transaction(|connection| {
        let store = backend.within(connection);
        config.within(&store).set(Shop::NEXT_INVOICE, 2)?;
        Err::<(), Box<dyn std::error::Error>>("the application's own work fails".into())
    });
    println!("rolled back: {failed:?}, and the number is {}", config.get(Shop::NEXT_INVOICE)?);
    assert_eq!(config.get(Shop::NEXT_INVOICE)?, 1);

    let written = connection.immediate_transaction(|connection| {
        connection.batch_execute("INSERT INTO invoices VALUES (1)")?;
        let store = backend.within(connection);
        let settings = config.within(&store);
        settings.update(Shop::NEXT_INVOICE, |number| number + 1)?;
        Ok::<_, Box<dyn std::error::Error>>(settings.into_changes())
    })?;
    // Caches, handlers and `live()` learn of it only now.
    config.committed(written)?;
    println!("committed: the number is {}", live.load().next_invoice);
    assert_eq!(live.load().next_invoice, 2);
    Ok(())
}

#[test]
fn it_runs() {
    main().expect("it runs");
}
