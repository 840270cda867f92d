//! One MariaDB or MySQL server, from its data folder to its users.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::services::certificates::Certificates;
use crate::services::durability::Durability;
use crate::services::process::Launch;
use crate::services::set::Set;
use crate::services::user::User;
use crate::services::{ports, tool, wait};
use crate::system;

/// Long even for a busy machine; a server that ends by itself is noticed at once.
const LIMIT: Duration = Duration::from_secs(60);

const USER: &str = "constance";
const PASSWORD: &str = "password-of-constance";
const ADMINS_PASSWORD: &str = "password-of-root";
const DATABASE: &str = "constance";

/// Whose server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    Mariadb,
    Mysql,
}

/// Starts `server` in `own`, with addresses for the database's owner, for root, and for the owner over TLS in variables of these
/// names.
pub(super) fn start(
    own: &Path,
    server: &Path,
    flavour: Flavour,
    durability: Durability,
    names: [&'static str; 3],
) -> Result<Set> {
    let user = User::instead_of_root("mysql")?;
    user.map_or(Ok(()), |user| user.own(own))?;
    let data = own.join("data");
    let option = |name: &str, path: &Path| format!("--{name}={}", path.display());
    // Temporary files too: root's folder for them may be closed to the server's user.
    let folders = ["--no-defaults".to_owned(), option("datadir", &data), option("tmpdir", own)];
    let mut install = match flavour {
        Flavour::Mariadb => Command::new("mariadb-install-db"),
        Flavour::Mysql => Command::new(server),
    };
    install.args(&folders).args(match flavour {
        // By force: else it looks up the name of the machine, which a container may not have told anybody.
        Flavour::Mariadb => {
            &["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--force"][..]
        }
        Flavour::Mysql => &["--initialize-insecure"],
    });
    tool::run(install, user, own)?;

    let init = own.join("init.sql");
    fs::write(&init, statements())
        .map_err(|error| Error::failed(format!("cannot write into {}: {error}", own.display())))?;
    user.map_or(Ok(()), |user| user.own(&init))?;

    let made = Certificates::make(own)?;
    for file in [&made.ca, &made.server, &made.server_key] {
        user.map_or(Ok(()), |user| user.own(file))?;
    }

    let port = ports::one()?;
    let socket = own.join("server.sock");
    let mut args = folders.to_vec();
    args.extend([option("socket", &socket), option("pid-file", &own.join("mysqld.pid")), option("init-file", &init)]);
    args.extend([option("ssl-ca", &made.ca), option("ssl-cert", &made.server), option("ssl-key", &made.server_key)]);
    args.extend([format!("--port={port}"), "--bind-address=127.0.0.1".to_owned()]);
    // Names are not looked up: an address is who it is. Tests have many pools.
    args.extend(["--skip-name-resolve", "--max-connections=300"].map(str::to_owned));
    if flavour == Flavour::Mysql {
        // A second protocol, on a port that is always the same.
        args.push("--mysqlx=OFF".to_owned());
    }
    if durability == Durability::Throwaway {
        args.push("--innodb-flush-log-at-trx-commit=0".to_owned());
    }
    let program = server.display().to_string();
    let mut process = Launch::new(&program).args(args).user(user).start(own)?;
    wait::until("a server that knows its user", LIMIT, || {
        if let Err(ended) = process.check() {
            return Ok(Some(Err(ended)));
        }
        // Over the socket in our folder: this is our server and nobody else's.
        let mut command = Command::new(client(flavour)?);
        command.args(["--no-defaults", "--user", USER, "--database", DATABASE, "--execute", "SELECT 1"]);
        command.arg(option("socket", &socket)).env("MYSQL_PWD", PASSWORD);
        tool::run(command, None, own).map(|()| Some(Ok(())))
    })??;
    let url = |user: &str, password: &str| format!("mysql://{user}:{password}@127.0.0.1:{port}/{DATABASE}");
    let set = Set::of([process]).with(names[0], url(USER, PASSWORD));
    let tls = format!("{}?ssl_ca={}", url(USER, PASSWORD), made.ca.display());
    Ok(set.with(names[1], url("root", ADMINS_PASSWORD)).with(names[2], tls))
}

/// What the server does when it starts, before it listens: one statement a line.
fn statements() -> String {
    let root = ["localhost", "127.0.0.1"].map(|host| {
        format!(
            "CREATE USER IF NOT EXISTS root@'{host}';\nALTER USER root@'{host}' IDENTIFIED BY '{ADMINS_PASSWORD}';\n\
             GRANT ALL ON *.* TO root@'{host}' WITH GRANT OPTION;\n"
        )
    });
    format!(
        "{}CREATE DATABASE {DATABASE};\nCREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}';\n\
         GRANT ALL ON {DATABASE}.* TO {USER}@'%';\n",
        root.concat()
    )
}

fn client(flavour: Flavour) -> Result<std::path::PathBuf> {
    let names = if flavour == Flavour::Mariadb { ["mariadb", "mysql"] } else { ["mysql", "mariadb"] };
    let found = names.into_iter().find_map(system::find);
    found.ok_or_else(|| Error::failed(format!("`{}`, the client of the server, is not installed", names[0])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_is_a_line() {
        let statements = statements();
        assert!(statements.lines().all(|line| line.ends_with(';') && line.matches(';').count() == 1), "{statements}");
        assert_eq!(statements.lines().count(), 9);
    }
}
