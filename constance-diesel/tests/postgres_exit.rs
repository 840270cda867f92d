//! A process may end while its threads use PostgreSQL over TLS.

#[path = "common/exits.rs"]
mod exits;

use std::process::ExitCode;

use constance_diesel::diesel::PgConnection;

fn main() -> ExitCode {
    let name = "a_process_ends_cleanly_while_postgresql_is_used";
    // The system's libpq may ask Kerberos, which takes its tables down as OpenSSL does.
    exits::main::<PgConnection>(name, "CONSTANCE_POSTGRES_TLS_URL", "&gssencmode=disable")
}
