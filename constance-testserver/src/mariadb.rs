//! A MariaDB of the tests' own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use crate::keeper::Ready;
use crate::programs::{find, installed};
use crate::server::{Server, controls};
use crate::template::Template;

static SERVER: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("mariadbd"));
static INSTALL: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("mariadb-install-db"));
static TEMPLATE: LazyLock<Template> = LazyLock::new(template);

/// Done at each start, before the server listens: one statement a line.
const STATEMENTS: &str = "\
CREATE USER IF NOT EXISTS root@'127.0.0.1';
GRANT ALL ON *.* TO root@'127.0.0.1' IDENTIFIED BY 'password-of-root' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS constance;
CREATE USER IF NOT EXISTS constance@'%' IDENTIFIED BY 'password-of-constance';
GRANT ALL ON constance.* TO constance@'%';
";

/// Small files, which are copied for each server.
const SMALL: &str = "--innodb-log-file-size=8M";

/// A server on a free port, with a database `constance` of the default charset and its owner, who is not root.
///
/// It ends with this value, or with the test program.
#[derive(Debug)]
pub struct MariadbServer(Server);

controls!(MariadbServer);

impl MariadbServer {
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
        let (program, _) = (installed("mariadbd", &SERVER)?, installed("mariadb-install-db", &INSTALL)?);
        let ready = Ready::Says("ready for connections");
        Some(Self(Server::start(
            TEMPLATE.user(),
            ready,
            || TEMPLATE.copy(),
            |folder, port| {
                let mut command = Command::new(program);
                let option = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
                command.args(["--no-defaults".to_owned(), option("datadir", "data"), option("tmpdir", ".")]);
                command.args([
                    option("socket", "socket"),
                    option("pid-file", "mariadbd.pid"),
                    option("init-file", "init"),
                ]);
                command.args(["--bind-address=127.0.0.1", &format!("--port={port}"), "--skip-name-resolve", SMALL]);
                command.args(settings.iter().map(|setting| format!("--{setting}")));
                command
            },
        )))
    }

    /// The URL of the database for its owner.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("constance", "password-of-constance")
    }

    /// The URL of the database for root.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.url_of("root", "password-of-root")
    }

    fn url_of(&self, user: &str, password: &str) -> String {
        format!("mysql://{user}:{password}@127.0.0.1:{}/constance", self.port())
    }
}

fn template() -> Template {
    let template = Template::new("mysql");
    template.write("init", STATEMENTS);
    let path = |name: &str| template.path(name).display().to_string();
    let mut install = Command::new(INSTALL.as_ref().expect("looked for before"));
    install.args(["--no-defaults".to_owned(), format!("--datadir={}", path("data"))]);
    install.args([format!("--tmpdir={}", path(".")), SMALL.to_owned()]);
    install.args(["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]);
    template.run(install);
    template
}
