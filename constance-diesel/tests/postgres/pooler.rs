//! Behind a pooler that lends its connections for one transaction: nothing of a session may be relied on.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use constance_core::{
    Backend, Prefix,
    backend::{Applied, Batch, Change, Expect, Stored, Wake},
};
use constance_diesel::diesel::{Connection, PgConnection};
use constance_testserver::{find, free_port, skip};
use tempfile::TempDir;

use crate::postgres_support::{LONG, PostgresServer, key, patient, read, set, store, texts, until, value};

static PROGRAM: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("pgbouncer"));

/// What a pooler does with the options that a session is begun with.
const REFUSED: &str = "";
const IGNORED: &str = "ignore_startup_parameters = options\n";

/// A pooler before a server. It ends with this value.
struct Pooler {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Pooler {
    /// A pooler with further settings, or `None` (and a word about it) where none is installed.
    fn start(server: &PostgresServer, settings: &str) -> Option<Self> {
        let Some(program) = PROGRAM.as_ref() else {
            skip("pgbouncer is not installed");
            return None;
        };
        let folder = TempDir::new().expect("a folder");
        // It refuses to be root.
        let root = std::fs::metadata(folder.path()).expect("a folder").uid() == 0;
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("a folder for everybody");
        let (port, file) = (free_port(), folder.path().join("pgbouncer.ini"));
        let text = format!(
            "[databases]\n\
             constance = host=127.0.0.1 port={} user=constance password=password-of-constance\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = transaction\nserver_tls_sslmode = disable\n{settings}",
            server.port()
        );
        std::fs::write(&file, text).expect("a file");
        let mut command = Command::new(program);
        if root {
            command.args(["-u", "nobody"]);
        }
        let process = command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let pooler = Self { process: process.expect("a process"), port, _folder: folder };
        constance_diesel::init_openssl();
        until("a pooler that answers", || PgConnection::establish(&pooler.url()).ok());
        Some(pooler)
    }

    fn url(&self) -> String {
        format!("postgres://constance:x@127.0.0.1:{}/constance?sslmode=disable", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read_written_and_followed(settings: &str) {
    let Some(server) = PostgresServer::start() else { return };
    let Some(pooler) = Pooler::start(&server, settings) else { return };
    let backend = patient(&pooler.url()).build().expect("a valid URL");
    assert_eq!(backend.migrate().expect("tables").len(), 3);
    // Whose statements are prepared on which connection changes from one to the next.
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let backend = &backend;
            scope.spawn(move || {
                for round in 0..50 {
                    let own = key(&format!("own-{thread}"));
                    let batch = Batch::one(set(&own, &[round])).wanting_previous(true);
                    let applied = backend.write(&batch).expect("a write");
                    let before = if round == 0 { Stored::Absent } else { value(&[round - 1]) };
                    assert_eq!(applied, Applied::Done(vec![before]));
                    assert_eq!(read(backend, &format!("own-{thread}")).expect("a read"), value(&[round]));
                    let checked = Change::keep(key("absent")).expecting(Expect::Absent);
                    let batch = Batch::new(vec![set(&own, &[round]), checked]).expect("two keys");
                    assert_eq!(backend.write(&batch).expect("a write"), Applied::Done(Vec::new()));
                }
            });
        }
    });
    // No notification comes through.
    let mut feed = backend.watch(&Prefix::empty()).expect("a feed");
    store(&backend, "a", b"1");
    assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed);
}

#[test]
fn settings_are_read_written_and_followed() {
    read_written_and_followed(REFUSED);
}

#[test]
fn and_where_the_options_of_a_session_are_ignored() {
    read_written_and_followed(IGNORED);
}

/// They share one connection to the server, on which the statements of the first would be prepared under the names that the second
/// gives its own.
#[test]
fn each_backend_runs_its_own_statements() {
    let Some(server) = PostgresServer::start() else { return };
    for settings in [REFUSED, IGNORED] {
        let Some(pooler) = Pooler::start(&server, &format!("{settings}default_pool_size = 1\n")) else { return };
        let backends = ["first", "second"].map(|table| {
            let backend = patient(&pooler.url()).table(table).build().expect("a valid URL");
            backend.migrate().expect("tables");
            (table, backend)
        });
        for _ in 0..3 {
            for (table, backend) in &backends {
                store(backend, "a", table.as_bytes());
                assert_eq!(read(backend, "a").expect("a read"), value(table.as_bytes()), "{settings}");
            }
        }
        constance_diesel::init_openssl();
        let mut raw = PgConnection::establish(&server.url()).expect("a connection");
        for (table, _) in &backends {
            let rows = format!("SELECT key || convert_from(value, 'UTF8') AS text FROM {table}");
            assert_eq!(texts(&mut raw, &rows), [format!("a{table}")], "{settings}");
        }
        let mut pooled = PgConnection::establish(&pooler.url()).expect("a connection");
        let names = texts(&mut pooled, "SELECT name AS text FROM pg_prepared_statements");
        assert!(names.is_empty(), "{settings}: {names:?}");
    }
}
