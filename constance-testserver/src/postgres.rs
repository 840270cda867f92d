//! A PostgreSQL of the tests' own.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::keeper::Ready;
use crate::programs::{find, installed};
use crate::server::{Server, controls};
use crate::template::Template;

/// The file itself and not a link to it: its other programs are beside it.
static INITDB: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("initdb")?.canonicalize().ok());
static TEMPLATE: LazyLock<Template> = LazyLock::new(template);

/// Shared memory as files in the data folder, which go with it.
const CONFIG: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
";

/// A role and its database, made without a server.
const STATEMENTS: &str = "CREATE ROLE constance LOGIN PASSWORD 'password-of-constance'
CREATE DATABASE constance OWNER constance
";

/// A server on a free port, with a database `constance` and its owner, who is not the administrator.
///
/// It ends with this value, or with the test program.
#[derive(Debug)]
pub struct PostgresServer(Server);

controls!(PostgresServer);

impl PostgresServer {
    /// A server, or `None` (and a word about it) where none is installed.
    ///
    /// # Panics
    ///
    /// Where it is installed and does not start, or is not and has to be: see [`skip`](crate::skip).
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// A server with further settings, such as `max_connections=5`.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn with(settings: &[&str]) -> Option<Self> {
        installed("PostgreSQL", &INITDB)?;
        let ready = Ready::Says("database system is ready to accept connections");
        Some(Self(Server::start(
            TEMPLATE.user(),
            ready,
            || TEMPLATE.copy(),
            |folder, port| {
                let mut command = Command::new(program("postgres"));
                command.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]);
                command.args(settings.iter().flat_map(|setting| ["-c", *setting]));
                command
            },
        )))
    }

    /// The URL of the database for its owner.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("constance", "password-of-constance")
    }

    /// The URL of the database for the administrator.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.url_of("postgres", "password-of-postgres")
    }

    fn url_of(&self, user: &str, password: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/constance", self.port())
    }
}

fn template() -> Template {
    let template = Template::new("postgres");
    template.write("password", "password-of-postgres");
    template.write("statements", STATEMENTS);
    let mut initdb = Command::new(program("initdb"));
    initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--username=postgres"]);
    initdb.args(["--pwfile=password", "--pgdata=data"]);
    template.run(initdb);
    let config = fs::OpenOptions::new().append(true).open(template.path("data/postgresql.conf"));
    config.and_then(|mut file| file.write_all(CONFIG.as_bytes())).expect("a configuration");
    let mut single = Command::new(program("postgres"));
    let input = fs::File::open(template.path("statements")).expect("a file");
    single.args(["--single", "-D", "data", "postgres"]).stdin(Stdio::from(input));
    template.run(single);
    template
}

/// All programs of one version.
fn program(name: &str) -> PathBuf {
    INITDB.as_ref().expect("looked for before").with_file_name(name)
}
