//! MariaDB and MySQL.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::error::{Result, StartError};
use crate::options::Options;
use crate::programs::{find, find_mysqld};
use crate::server::{Server, controls};
use crate::template::Template;

static MARIADB: LazyLock<Result<Flavour>> = LazyLock::new(Flavour::mariadb);
static MYSQL: LazyLock<Result<Flavour>> = LazyLock::new(Flavour::mysql);

/// Done at each start, before the server listens: one statement a line.
const STATEMENTS: &str = "\
CREATE USER IF NOT EXISTS root@'127.0.0.1';
ALTER USER root@'127.0.0.1' IDENTIFIED BY 'password-of-root';
GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS constance;
CREATE USER IF NOT EXISTS constance@'%' IDENTIFIED BY 'password-of-constance';
GRANT ALL ON constance.* TO constance@'%';
";

/// Small files, which are copied for each server.
const SMALL: &str = "--innodb-log-file-size=8M";

/// A MariaDB on a free port, with a database `constance` of the default charset and its owner, who is not root.
///
/// It ends with this value, or with the process that started it.
#[derive(Debug)]
pub struct MariadbServer(Server);

/// The same on MySQL.
#[derive(Debug)]
pub struct MysqlServer(Server);

macro_rules! flavour {
    ($server:ident, $flavour:ident) => {
        controls!($server);

        impl $server {
            /// The user that runs it where we are root.
            pub const USER: &str = USER;

            /// A server with these settings, such as `max_connections=5`.
            ///
            /// # Errors
            ///
            /// Where it does not start, with its log, or is not installed.
            pub fn try_start(options: &Options) -> Result<Self> {
                $flavour.as_ref().map_err(StartError::clone)?.start(options).map(Self)
            }

            /// The URL of the database for its owner.
            #[must_use]
            pub fn url(&self) -> String {
                url(self.port(), "constance", "password-of-constance")
            }

            /// The URL of the database for root.
            #[must_use]
            pub fn admin_url(&self) -> String {
                url(self.port(), "root", "password-of-root")
            }
        }
    };
}

flavour!(MariadbServer, MARIADB);
flavour!(MysqlServer, MYSQL);

const USER: &str = "mysql";

fn url(port: u16, user: &str, password: &str) -> String {
    format!("mysql://{user}:{password}@127.0.0.1:{port}/constance")
}

/// Whose server it is, and the data of a new one.
#[derive(Debug)]
struct Flavour {
    program: PathBuf,
    /// Settings that only this one has.
    own: &'static [&'static str],
    template: Template,
}

impl Flavour {
    fn mariadb() -> Result<Self> {
        let program = find("mariadbd").ok_or_else(|| StartError::missing("mariadbd"))?;
        let install = find("mariadb-install-db").ok_or_else(|| StartError::missing("mariadb-install-db"))?;
        // By force: else it looks up the name of the machine, which a container may not have.
        let how = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--force"];
        Ok(Self { program, own: &[], template: template(&install, &how)? })
    }

    fn mysql() -> Result<Self> {
        let program = find_mysqld().ok_or_else(|| StartError::missing("a `mysqld` that is MySQL's"))?;
        let template = template(&program, &["--initialize-insecure"])?;
        // A second protocol, on a port that is always the same.
        Ok(Self { program, own: &["--mysqlx=OFF"], template })
    }

    fn start(&self, options: &Options) -> Result<Server> {
        Server::start(
            self.template.user,
            options,
            |server| server.says("ready for connections"),
            || self.template.copy(),
            |folder, port| {
                let mut command = Command::new(&self.program);
                command.args(folders(folder));
                for (name, file) in [("socket", "socket"), ("pid-file", "mysqld.pid"), ("init-file", "init")] {
                    command.arg(option(name, &folder.join(file)));
                }
                command.args(["--bind-address=127.0.0.1", &format!("--port={port}"), "--skip-name-resolve", SMALL]);
                command.args(self.own).args(options.of(folder, port).map(|setting| format!("--{setting}")));
                Ok(command)
            },
        )
    }
}

fn template(install: &Path, how: &[&str]) -> Result<Template> {
    let template = Template::new(USER)?;
    template.write("init", STATEMENTS)?;
    let mut command = Command::new(install);
    command.args(folders(&template.path(""))).arg(SMALL).args(how);
    template.run(command)?;
    Ok(template)
}

/// Temporary files too: root's folder for them may be closed to the server's user.
fn folders(folder: &Path) -> [String; 3] {
    ["--no-defaults".to_owned(), option("datadir", &folder.join("data")), option("tmpdir", folder)]
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_is_a_line() {
        assert!(STATEMENTS.lines().all(|line| line.ends_with(';') && line.matches(';').count() == 1));
    }
}
