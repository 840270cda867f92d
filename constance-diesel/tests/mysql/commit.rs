//! A commit that fails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use constance_core::{
    Backend, ErrorKind,
    backend::{Applied, Batch, Stored},
};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use constance_diesel::diesel::mysql::MysqlConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, CustomizeConnection, Error, Pool};

use crate::mysql_support::{key, number, raw, set, shown, value};
use constance_testserver::MariadbServer;

/// What takes a transaction.
fn two() -> Batch {
    Batch::new(vec![set(&key("a"), b"1"), set(&key("b"), b"1")]).expect("two keys").wanting_previous(true)
}

/// A pool of one, whose connection calls this before it commits, and waits so many seconds for a lock.
fn pool(
    url: &str,
    seconds: u8,
    commits: impl Fn() + Clone + Send + Sync + 'static,
) -> Pool<ConnectionManager<MysqlConnection>> {
    struct Hook<F>(u8, F);
    impl<F> std::fmt::Debug for Hook<F> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Hook")
        }
    }
    impl<F: Fn() + Clone + Send + Sync + 'static> CustomizeConnection<MysqlConnection, Error> for Hook<F> {
        fn on_acquire(&self, connection: &mut MysqlConnection) -> Result<(), Error> {
            let wait = format!("SET SESSION lock_wait_timeout = {}", self.0);
            connection.batch_execute(&wait).map_err(Error::QueryError)?;
            let commits = self.1.clone();
            connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event
                    && query.to_string().starts_with("COMMIT")
                {
                    commits();
                }
            });
            Ok(())
        }
    }
    let builder = Pool::builder().max_size(1).connection_customizer(Box::new(Hook(seconds, commits)));
    builder.build(ConnectionManager::new(url)).expect("a pool")
}

#[test]
fn a_deadlock_at_the_commit_is_begun_again() {
    let Some(server) = MariadbServer::start() else { return };
    MysqlBackend::from_url(&server.url()).and_then(|backend| backend.migrate()).expect("tables");
    let (url, count) = (server.admin_url(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    let pool = pool(&server.url(), 60, move || {
        if counted.fetch_add(1, Ordering::SeqCst) > 0 {
            return;
        }
        // Nobody commits while this is held, and who holds it waits for the table that is being written to.
        let mut other = raw(&url);
        other.batch_execute("FLUSH TABLES WITH READ LOCK").expect("a lock");
        std::thread::spawn(move || {
            other
                .batch_execute("LOCK TABLES constance_settings READ; UNLOCK TABLES")
                .expect("not the one to be undone");
        });
        let mut looker = raw(&url);
        let waits = "SELECT COUNT(*) AS number FROM information_schema.processlist \
                     WHERE info LIKE 'LOCK TABLES%' AND state LIKE 'Waiting%'";
        while number(&mut looker, waits) == 0 {
            std::thread::yield_now();
        }
    });
    let backend = MysqlBackend::with_pool(pool);
    let applied = backend.write(&two()).expect("begun again");
    assert_eq!(applied, Applied::Done(vec![Stored::Absent, Stored::Absent]));
    assert_eq!(count.load(Ordering::SeqCst), 2);
    assert_eq!(backend.read(&[&key("a"), &key("b")]).expect("a read"), [value(b"1"), value(b"1")]);
}

#[test]
fn a_lock_at_the_commit_is_a_timeout() {
    let Some(server) = MariadbServer::start() else { return };
    MysqlBackend::from_url(&server.url()).and_then(|backend| backend.migrate()).expect("tables");
    let (held, admin) = (Arc::new(Mutex::new(None)), server.admin_url());
    let holding = Arc::clone(&held);
    let pool = pool(&server.url(), 1, move || {
        let mut other = raw(&admin);
        other.batch_execute("FLUSH TABLES WITH READ LOCK").expect("a lock");
        *holding.lock().expect("no panic") = Some(other);
    });
    let backend = MysqlBackend::with_pool(pool);
    let error = backend.write(&two()).expect_err("locked");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true), "{}", shown(&error));
    assert!(shown(&error).contains("1205"), "{}", shown(&error));
    drop(held.lock().expect("no panic").take());
    assert_eq!(backend.read(&[&key("a"), &key("b")]).expect("a read"), [Stored::Absent, Stored::Absent]);
}
