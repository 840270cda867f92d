//! A process may end while its threads use MariaDB over TLS.

#[path = "common/exits.rs"]
mod exits;

use std::process::ExitCode;

use constance_diesel::diesel::MysqlConnection;

fn main() -> ExitCode {
    exits::main::<MysqlConnection>("a_process_ends_cleanly_while_mariadb_is_used", "CONSTANCE_MARIADB_TLS_URL", "")
}
