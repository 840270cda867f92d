//! PostgreSQL.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::error::{Result, StartError};
use crate::keeper::Running;
use crate::options::Options;
use crate::programs::find;
use crate::server::{Server, controls};
use crate::template::Template;

/// The file itself and not a link to it: its other programs are beside it.
static INITDB: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("initdb")?.canonicalize().ok());
static TEMPLATE: LazyLock<Result<Template>> = LazyLock::new(template);

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
/// It ends with this value, or with the process that started it.
#[derive(Debug)]
pub struct PostgresServer(Server);

controls!(PostgresServer);

impl PostgresServer {
    /// The user that runs it where we are root.
    pub const USER: &str = "postgres";

    /// A server with these settings, such as `max_connections=5`.
    ///
    /// # Errors
    ///
    /// Where it does not start, with its log, or is not installed.
    pub fn try_start(options: &Options) -> Result<Self> {
        let program = program("postgres")?;
        let template = TEMPLATE.as_ref().map_err(StartError::clone)?;
        let server = Server::start(
            template.user,
            options,
            is_ready,
            || template.copy(),
            |folder, port| {
                let mut command = Command::new(&program);
                command.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]);
                command.args(options.of(folder, port).flat_map(|setting| ["-c".to_owned(), setting]));
                Ok(command)
            },
        );
        server.map(Self)
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

/// Its log may be in any language.
fn is_ready(server: &Running<'_>) -> bool {
    let file = fs::read_to_string(server.folder.join("data/postmaster.pid")).unwrap_or_default();
    file.lines().next() == Some(&server.process) && file.lines().any(|line| line.trim() == "ready")
}

fn template() -> Result<Template> {
    let template = Template::new(PostgresServer::USER)?;
    template.write("password", "password-of-postgres")?;
    template.write("statements", STATEMENTS)?;
    let mut initdb = Command::new(program("initdb")?);
    initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--username=postgres"]);
    initdb.args(["--pwfile=password", "--pgdata=data"]);
    template.run(initdb)?;
    let config = fs::OpenOptions::new().append(true).open(template.path("data/postgresql.conf"));
    let written = config.and_then(|mut file| file.write_all(CONFIG.as_bytes()));
    written.map_err(|error| StartError::system("cannot configure PostgreSQL", &error))?;
    let mut single = Command::new(program("postgres")?);
    let input = fs::File::open(template.path("statements"));
    let input = input.map_err(|error| StartError::system("cannot open the statements", &error))?;
    single.args(["--single", "-D", "data", "postgres"]).stdin(Stdio::from(input));
    template.run(single)?;
    Ok(template)
}

/// All programs of one version.
fn program(name: &str) -> Result<PathBuf> {
    let initdb = INITDB.as_ref().ok_or_else(|| StartError::missing("PostgreSQL"))?;
    Ok(initdb.with_file_name(name))
}
