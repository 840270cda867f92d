//! A PostgreSQL of the tests' own.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::template::Template;
use super::{Server, find, have};

static INITDB: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("initdb"));
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
pub struct PostgresServer(Server);

impl PostgresServer {
    /// A server, or `None` (and a word about it) where none is installed.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// A server with further settings, such as `max_connections=5`.
    pub fn with(settings: &[&str]) -> Option<Self> {
        if !have(&[("PostgreSQL", INITDB.as_ref())]) {
            return None;
        }
        let ready = "database system is ready to accept connections";
        Some(Self(Server::start(&TEMPLATE, ready, |folder, port| {
            let mut command = Command::new(program("postgres"));
            command.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]);
            command.args(settings.iter().flat_map(|setting| ["-c", *setting]));
            command
        })))
    }

    /// As the owner of the database.
    pub fn url(&self) -> String {
        self.url_of("constance", "password-of-constance")
    }

    /// The same database as the administrator.
    pub fn admin_url(&self) -> String {
        self.url_of("postgres", "password-of-postgres")
    }

    fn url_of(&self, user: &str, password: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/constance", self.port())
    }

    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Ends it at once, as `kill -9` of every process of it does.
    pub fn kill(&mut self) {
        self.0.kill();
    }

    /// Starts it again on the same port and data; kills it first where it runs.
    pub fn restart(&mut self) {
        self.0.restart();
    }

    /// Stops every process of it in its tracks; connections stay open, and nothing answers.
    pub fn pause(&mut self) {
        self.0.pause();
    }

    /// Lets it go on.
    pub fn resume(&mut self) {
        self.0.resume();
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
