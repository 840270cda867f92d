//! Database servers of the tests' own, for what cannot be done to one that others use: killed, paused, started again.
//! What they acknowledge is on the disk. They end with their value, or with the test program.
#![allow(clippy::expect_used, clippy::print_stderr, dead_code, unreachable_pub, unused_imports)]

mod keeper;
mod mariadb;
mod postgres;
mod template;
mod user;

pub use self::mariadb::MariadbServer;
pub use self::postgres::PostgresServer;

use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use self::keeper::Keeper;
use self::template::Template;

/// How both servers say that somebody else has their port.
const TAKEN: &str = "Address already in use";

/// What both servers are: a program in a folder of its own, on a port that stays its own.
struct Server {
    port: u16,
    /// The words in its log by which it says that it takes connections.
    ready: &'static str,
    keeper: Keeper,
}

impl Server {
    /// Starts what `command` makes of a folder, which is a copy of the template, and a free port.
    fn start(template: &Template, ready: &'static str, command: impl Fn(&Path, u16) -> Command) -> Self {
        let mut log = String::new();
        // Between finding a free port and using it, somebody else may take it.
        for _ in 0..5 {
            let (folder, port) = (template.copy(), free_port());
            let mut keeper = Keeper::new(&command(&folder, port), &folder, template.user());
            match keeper.start(ready) {
                Ok(()) => return Self { port, ready, keeper },
                Err(said) => log = said,
            }
            if !log.contains(TAKEN) {
                break;
            }
        }
        panic!("the server does not start:\n{log}");
    }

    fn kill(&mut self) {
        self.keeper.tell("kill");
    }

    fn restart(&mut self) {
        self.kill();
        let mut log = String::new();
        // Somebody who looks for a free port holds each for a moment.
        for _ in 0..5 {
            match self.keeper.start(self.ready) {
                Ok(()) => return,
                Err(said) => log = said,
            }
            if !log.contains(TAKEN) {
                break;
            }
        }
        panic!("the server does not start again:\n{log}");
    }

    fn pause(&mut self) {
        self.keeper.tell("pause");
    }

    fn resume(&mut self) {
        self.keeper.tell("resume");
    }
}

/// A port that nobody listens on. Not one of those that the system gives to outgoing connections: while a server is down,
/// one of them would take it.
pub fn free_port() -> u16 {
    const PORTS: Range<u16> = 10_000..32_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Each test program begins somewhere else.
    let start = std::process::id().wrapping_mul(97);
    for _ in PORTS {
        let offset = start.wrapping_add(u32::from(NEXT.fetch_add(1, Ordering::Relaxed)));
        let offset = u16::try_from(offset % u32::from(PORTS.end - PORTS.start)).expect("less than the number of ports");
        let port = PORTS.start + offset;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

/// Whether all of these are there. If not, what needs them says so and is skipped, or fails where that is demanded.
pub fn have(programs: &[(&str, Option<&PathBuf>)]) -> bool {
    let Some((missing, _)) = programs.iter().find(|(_, path)| path.is_none()) else { return true };
    assert!(
        std::env::var_os("CONSTANCE_REQUIRE_SERVICES").is_none_or(|value| value != "1"),
        "{missing} is not installed, and CONSTANCE_REQUIRE_SERVICES asks for it"
    );
    eprintln!("skipped: {missing} is not installed");
    false
}

/// Where a program is: servers are in folders that are not on everybody's path, each PostgreSQL in one of its own.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort();
    let others = versions.into_iter().rev().chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")]);
    // The file itself and not a link to it: a PostgreSQL looks for its other programs beside it.
    let found = std::env::split_paths(&path).chain(others).map(|folder| folder.join(program)).find(|p| p.is_file());
    found.and_then(|path| path.canonicalize().ok())
}
