//! One PostgreSQL server, from `initdb` to its users.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::services::durability::Durability;
use crate::services::process::{Launch, Process};
use crate::services::user::User;
use crate::services::{ports, tool, wait};
use crate::system;

use super::locale::Locale;

/// Long even for a busy machine; a server that ends by itself is noticed at once.
const LIMIT: Duration = Duration::from_secs(60);

/// Somebody who logs in with a password.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) name: &'static str,
    password: &'static str,
}

pub(super) const ADMIN: Role = Role { name: "postgres", password: "password-of-postgres" };
pub(super) const USER: Role = Role { name: "constance", password: "password-of-constance" };
pub(super) const DATABASE: &str = "constance";

/// Shared memory as files in the data folder: elsewhere it would outlive a server that is killed. Tests have many pools.
const COMMON: &str = "\
listen_addresses = '127.0.0.1'
dynamic_shared_memory_type = mmap
max_connections = 300
";

const THROWAWAY: &str = "\
fsync = off
full_page_writes = off
synchronous_commit = off
";

/// What has been made for a server that does not run yet.
#[derive(Debug)]
pub(super) struct Server {
    folder: PathBuf,
    user: Option<User>,
}

/// A server that answers.
#[derive(Debug)]
pub(super) struct Running {
    server: Server,
    process: Process,
    port: u16,
}

impl Server {
    /// Makes an empty data folder in `own`, which then belongs to the user that the server runs as.
    pub(super) fn prepare(own: &Path, durability: Durability) -> Result<Self> {
        let user = User::instead_of_root("postgres")?;
        let server = Self { folder: own.to_owned(), user };
        server.own(&[own])?;
        let password = own.join("password");
        fs::write(&password, ADMIN.password).map_err(|error| cannot_write(own, &error))?;
        server.own(&[&password])?;
        let mut command = Command::new(program("initdb"));
        command.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth-local=trust"]);
        command.args(["--auth-host=scram-sha-256", "--pwfile=password", "--pgdata=data"]);
        command.arg(format!("--username={}", ADMIN.name));
        server.run(command)?;
        server.configure(COMMON)?;
        if durability == Durability::Throwaway {
            server.configure(THROWAWAY)?;
        }
        Ok(server)
    }

    /// Gives files to the user that the server runs as.
    pub(super) fn own(&self, paths: &[&Path]) -> Result<()> {
        self.user.map_or(Ok(()), |user| paths.iter().try_for_each(|path| user.own(path)))
    }

    /// Runs a program in its folder, as the user that the server runs as.
    pub(super) fn run(&self, command: Command) -> Result<()> {
        tool::run(command, self.user, &self.folder)
    }

    fn configure(&self, lines: &str) -> Result<()> {
        let path = self.folder.join("data/postgresql.conf");
        let file = OpenOptions::new().append(true).open(&path);
        file.and_then(|mut file| file.write_all(lines.as_bytes())).map_err(|error| cannot_write(&path, &error))
    }

    /// Starts it with these lines of configuration, waits until it answers, and makes the user.
    pub(super) fn start(self, lines: &[String], locale: Option<&Locale>) -> Result<Running> {
        let port = ports::one()?;
        self.configure(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())?;
        // A socket in a folder that nobody else enters, for ourselves: the administrator needs no password there.
        let socket = quoted(&self.folder.display().to_string());
        self.configure(&format!("port = {port}\nunix_socket_directories = {socket}\n"))?;
        let program = program("postgres").display().to_string();
        // Asked to end at once, it takes its shared memory along, and its processes.
        let mut launch = Launch::new(&program).args(["-D", "data"]).user(self.user).ends_with("QUIT");
        // Whoever starts us does not choose the language.
        launch = launch.env("LANG", "C").env("LC_ALL", "").env("LANGUAGE", "");
        if let Some(folder) = locale.and_then(|locale| locale.folder.as_ref()) {
            launch = launch.env("LOCPATH", folder.display().to_string());
        }
        let process = launch.start(&self.folder)?;
        let mut running = Running { server: self, process, port };
        wait::until("a PostgreSQL that answers", LIMIT, || {
            if let Err(ended) = running.process.check() {
                return Ok(Some(Err(ended)));
            }
            running.sql("SELECT 1").map(|()| Some(Ok(())))
        })??;
        running.sql(&format!("CREATE ROLE {} LOGIN PASSWORD '{}'", USER.name, USER.password))?;
        Ok(running)
    }
}

impl Running {
    /// Runs statements as the administrator, through the socket in our folder: this is our server and nobody else's.
    pub(super) fn sql(&self, text: &str) -> Result<()> {
        let mut command = Command::new(program("psql"));
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-U", ADMIN.name, "-c", text]);
        command.arg("-h").arg(&self.server.folder).args(["-p", &self.port.to_string()]).env("LC_ALL", "C");
        tool::run(command, None, &self.server.folder)
    }

    /// Whether an error of the server is told in other words than the English ones.
    pub(super) fn speaks_a_foreign_language(&self) -> Result<bool> {
        match self.sql("SELECT 1 / 0") {
            Ok(()) => Err(Error::failed("a division by zero has a result")),
            Err(error) => Ok(!error.to_string().contains("division by zero")),
        }
    }

    pub(super) fn url(&self, role: &Role, database: &str) -> String {
        format!("postgres://{}:{}@127.0.0.1:{}/{database}", role.name, role.password, self.port)
    }

    pub(super) fn into_process(self) -> Process {
        self.process
    }
}

/// A word of the configuration.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', "''"))
}

/// All programs of one version, that of `initdb`: another's client would do, another's server would not.
fn program(name: &str) -> PathBuf {
    let folder = system::find("initdb").and_then(|path| path.canonicalize().ok());
    let beside = folder.and_then(|path| path.parent().map(|folder| folder.join(name)));
    beside.filter(|path| path.is_file()).or_else(|| system::find(name)).unwrap_or_else(|| PathBuf::from(name))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("cannot write into {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_quote_is_one_word() {
        assert_eq!(quoted(r"/a b/'c'\"), r"'/a b/''c''\\'");
    }
}
