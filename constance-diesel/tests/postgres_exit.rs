//! A process may end while its threads use PostgreSQL over TLS.

#[path = "common/exits.rs"]
mod exits;

use std::process::ExitCode;

use constance_diesel::diesel::PgConnection;

fn main() -> ExitCode {
    exits::main::<PgConnection>("a_process_ends_cleanly_while_postgresql_is_used", "CONSTANCE_POSTGRES_TLS_URL")
}
