//! The suite, and more, inside a transaction of the application's, at MySQL's default isolation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use constance_core::testing::Case;
use constance_core::{ErrorKind, backend::Stored};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::Connection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::mysql::MysqlConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};
use constance_diesel::diesel::result::Error as DieselError;

use crate::mysql_support;
use crate::mysql_support::{Place, mariadb, mysql, number, raw, read, shown, store, value, write};
use crate::within;
use crate::within::World;
use constance_testserver::MariadbServer;

/// A database with this table, which stays.
fn named(url: &str, table: &str) -> MysqlBackend {
    let builder = MysqlBackend::builder().url(url).table(table);
    builder.busy_timeout(std::time::Duration::from_secs(60)).build().expect("a valid URL")
}

fn world_of(url: String, table: &str) -> World<MysqlConnection> {
    let (backend, missing) = (named(&url, table), named(&url, "within_missing"));
    backend.migrate().expect("tables");
    constance_diesel::init_openssl();
    let connect = move || MysqlConnection::establish(&url).expect("a connection");
    World { backend: Arc::new(backend), missing, connect: Box::new(connect) }
}

/// An empty table for each test: at the default isolation transactions lock gaps between keys, and those of two tests would stop
/// each other.
fn empty(url: Option<String>) -> Option<World<MysqlConnection>> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (url, table) = (url?, format!("within_{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    named(&url, &table).revert_all_dropping_values().expect("nothing of an earlier run");
    Some(world_of(url, &table))
}

mod on_mariadb {
    use super::*;

    fn empty() -> Option<World<MysqlConnection>> {
        super::empty(mariadb())
    }

    constance_core::conformance_cases! { [within::suite] empty }
    within::more! { empty }
}

/// One test for all: nobody is to fail without MySQL itself, which no Debian has.
#[test]
fn on_mysql() {
    macro_rules! cases {
        (($world:expr) $($group:ident::$case:ident,)*) => {
            $(within::check(Case::new(stringify!($case), constance_core::testing::cases::$group::$case), $world);)*
        };
    }
    macro_rules! functions {
        (($world:expr) $($name:ident,)*) => {
            $(within::$name($world.expect("a server"));)*
        };
    }
    let Some(url) = mysql() else { return };
    constance_core::conformance_cases! { [cases] empty(Some(url.clone())) }
    within::functions! { [functions] empty(Some(url.clone())) }
}

/// An order and a setting in one transaction of an application's, at the usual isolation.
struct Shop {
    place: Place,
    backend: MysqlBackend,
    pool: Pool<ConnectionManager<MysqlConnection>>,
    orders: String,
}

impl Shop {
    fn new(url: &str) -> Self {
        let place = Place::new(url);
        let backend = place.backend();
        let orders = format!("`orders_{}`", place.table.replace('`', "_"));
        let pool = Pool::builder().max_size(1).build(ConnectionManager::new(url)).expect("a pool");
        raw(url).batch_execute(&format!("CREATE OR REPLACE TABLE {orders} (id INTEGER)")).expect("a table");
        ["a", "b"].iter().for_each(|name| store(&backend, name, b"before"));
        Self { place, backend, pool, orders }
    }

    fn order(&self, connection: &mut MysqlConnection) {
        connection.batch_execute(&format!("INSERT INTO {} (id) VALUES (1)", self.orders)).expect("an order");
    }

    /// How many orders are stored, and what the settings are.
    fn stored(&self) -> (i64, [Stored; 3]) {
        let orders = number(&mut raw(&self.place.url), &format!("SELECT COUNT(*) AS number FROM {}", self.orders));
        (orders, ["a", "b", "c"].map(|name| read(&self.backend, name).expect("a read")))
    }

    /// Runs a transaction in which the database undoes everything at the write of `b`, once `begun` has been done. The
    /// application passes over that error, as of one that concerns the settings alone.
    fn loses_everything(&self, begun: impl FnOnce(), code: &str) {
        let mut connection = self.pool.get().expect("a connection");
        connection.batch_execute("SET SESSION innodb_lock_wait_timeout = 1").expect("a setting");
        let ended = connection.transaction(|connection| {
            self.order(connection);
            // Takes the snapshot.
            assert_eq!(read(&self.backend.within(connection), "b").expect("a read"), value(b"before"));
            write(&self.backend.within(connection), "a", b"ours").expect("a write");
            begun();
            let nested = connection.transaction(|connection| {
                let error = write(&self.backend.within(connection), "b", b"ours").expect_err("undone");
                assert!(error.to_string().contains("has ended the whole transaction"), "{}", shown(&error));
                assert!(shown(&error).contains(code), "{}", shown(&error));
                assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, false), "{}", shown(&error));
                Ok::<_, DieselError>(())
            });
            assert!(matches!(nested, Err(DieselError::BrokenTransactionManager)), "{nested:?}");
            self.order(connection);
            for call in [write(&self.backend.within(connection), "c", b"ours"), {
                read(&self.backend.within(connection), "c").map(drop)
            }] {
                let error = call.expect_err("there is no transaction to be in");
                assert!(error.to_string().contains("has ended the whole transaction"), "{}", shown(&error));
                assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, false));
            }
            Ok::<_, DieselError>(())
        });
        assert!(matches!(ended, Err(DieselError::BrokenTransactionManager)), "the commit fails: {ended:?}");
        drop(connection);
        // The pool has no other, and would hand out the same one if it had kept it.
        let mut fresh = self.pool.get().expect("a connection");
        fresh.transaction(|_| Ok::<_, DieselError>(())).expect("one that works");
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Ok(mut connection) = MysqlConnection::establish(&self.place.url) {
            let _ = connection.batch_execute(&format!("DROP TABLE {}", self.orders));
        }
    }
}

#[test]
fn a_deadlock_ends_the_applications_transaction_and_nothing_of_it_is_stored() {
    for url in mysql_support::urls() {
        let shop = Shop::new(&url);
        let (table, mut other) = (shop.place.quoted(), raw(&url));
        // With much done, so that it is not the one to be undone.
        let fill: Vec<String> = (0..50).map(|at| format!("('fill-{at}', '1')")).collect();
        let begin = format!(
            "BEGIN; INSERT INTO {table} (`key`, value) VALUES {}; UPDATE {table} SET value = 'theirs' WHERE `key` = 'b'",
            fill.join(",")
        );
        other.batch_execute(&begin).expect("a lock");
        std::thread::scope(|scope| {
            let begun = || {
                let update = format!("UPDATE {table} SET value = 'theirs' WHERE `key` = 'a'; COMMIT");
                scope.spawn(move || other.batch_execute(&update).expect("not the one to be undone"));
                // Until it waits for the row.
                let waits = format!(
                    "SELECT COUNT(*) AS number FROM information_schema.processlist \
                     WHERE info LIKE 'UPDATE {table} SET value = ''theirs'' WHERE `key` = ''a''%'"
                );
                let mut looker = raw(&url);
                while number(&mut looker, &waits) == 0 {
                    std::thread::yield_now();
                }
            };
            shop.loses_everything(begun, "serialization failure");
        });
        assert_eq!(shop.stored(), (0, [value(b"theirs"), value(b"theirs"), Stored::Absent]));
    }
}

#[test]
fn so_does_a_row_that_changed_after_the_snapshot() {
    // MariaDB alone has it; by default from 11.6.2 on.
    let Some(url) = mariadb() else { return };
    let shop = Shop::new(&url);
    let table = shop.place.quoted();
    shop.pool
        .get()
        .expect("a connection")
        .batch_execute("SET SESSION innodb_snapshot_isolation = ON")
        .expect("a setting");
    let update = format!("UPDATE {table} SET value = 'theirs' WHERE `key` = 'b'");
    shop.loses_everything(|| raw(&url).batch_execute(&update).expect("a change"), "1020");
    assert_eq!(shop.stored(), (0, [value(b"before"), value(b"theirs"), Stored::Absent]));
}

#[test]
fn so_does_a_lock_that_was_not_to_be_had_where_the_server_is_set_so() {
    let Some(server) = MariadbServer::with(&["innodb-rollback-on-timeout=ON"]) else { return };
    let shop = Shop::new(&server.url());
    let (table, mut other) = (shop.place.quoted(), raw(&server.url()));
    let lock = format!("BEGIN; SELECT * FROM {table} WHERE `key` = 'b' FOR UPDATE");
    shop.loses_everything(|| other.batch_execute(&lock).expect("a lock"), "1205");
    assert_eq!(shop.stored(), (0, [value(b"before"), value(b"before"), Stored::Absent]));
}

#[test]
fn nothing_is_written_where_the_transaction_had_ended_before() {
    for url in mysql_support::urls() {
        let shop = Shop::new(&url);
        let change = format!("ALTER TABLE {} ADD COLUMN more INTEGER", shop.orders);
        // The database commits at the one; at the other it is the application that does, past diesel.
        for end in [change.as_str(), "COMMIT"] {
            let mut connection = shop.pool.get().expect("a connection");
            let ended = connection.transaction(|connection| {
                connection.batch_execute(end).expect("an end");
                let error = write(&shop.backend.within(connection), "a", b"ours").expect_err("no transaction");
                assert!(error.to_string().contains("has ended the whole transaction"), "{}", shown(&error));
                shop.order(connection);
                Ok::<_, DieselError>(())
            });
            assert!(matches!(ended, Err(DieselError::BrokenTransactionManager)), "{end}: {ended:?}");
            drop(connection);
            assert_eq!(shop.stored(), (0, [value(b"before"), value(b"before"), Stored::Absent]), "{end}");
        }
    }
}

#[test]
fn a_lock_that_was_not_to_be_had_leaves_the_transaction_as_it_was() {
    for url in mysql_support::urls() {
        let shop = Shop::new(&url);
        let mut other = raw(&url);
        let lock = format!("BEGIN; SELECT * FROM {} WHERE `key` = 'b' FOR UPDATE", shop.place.quoted());
        other.batch_execute(&lock).expect("a lock");
        let mut connection = shop.pool.get().expect("a connection");
        connection.batch_execute("SET SESSION innodb_lock_wait_timeout = 1").expect("a setting");
        let ended = connection.transaction(|connection| {
            shop.order(connection);
            write(&shop.backend.within(connection), "a", b"ours").expect("a write");
            let error = write(&shop.backend.within(connection), "b", b"ours").expect_err("locked");
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true), "{}", shown(&error));
            write(&shop.backend.within(connection), "c", b"ours").expect("a write");
            Ok::<_, DieselError>(())
        });
        assert_eq!(ended, Ok(()));
        assert_eq!(shop.stored(), (1, [value(b"ours"), value(b"before"), value(b"ours")]));
    }
}
