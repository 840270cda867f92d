//! Behind a pooler that lends its connections for one transaction: nothing of a session may be relied on.
//!
//! It needs `pgbouncer`, which no other test does, and is skipped where there is none.
#![cfg(all(feature = "postgres", unix))]
#![allow(clippy::expect_used, clippy::print_stderr)]

mod postgres_support;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use constance_core::{Applied, Backend, Batch, Change, Expect, Prefix, Stored, Wake};
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::{Connection, PgConnection};
use postgres_support::{LONG, PostgresServer, key, read, server::free_port, set, store, until, value};
use tempfile::TempDir;

/// A pooler before a server. It ends with this value.
struct Pooler {
    process: Child,
    port: u16,
    _folder: TempDir,
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")]);
    folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())
}

impl Pooler {
    fn start(program: &Path, server: &PostgresServer) -> Self {
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
             auth_type = any\npool_mode = transaction\nserver_tls_sslmode = disable\n",
            server.port()
        );
        std::fs::write(&file, text).expect("a file");
        let mut command = Command::new(program);
        if root {
            command.args(["-u", "nobody"]);
        }
        let process = command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let pooler = Self { process: process.expect("a process"), port, _folder: folder };
        until("a pooler that answers", || PgConnection::establish(&pooler.url()).ok());
        pooler
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

#[test]
fn settings_are_read_written_and_followed() {
    let Some(program) = program() else {
        eprintln!("skipped: pgbouncer is not installed");
        return;
    };
    let Some(server) = PostgresServer::start() else { return };
    let pooler = Pooler::start(&program, &server);
    let backend = PostgresBackend::from_url(&pooler.url()).expect("a valid URL");
    assert_eq!(backend.migrate().expect("tables").len(), 2);
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
