//! Whether the client library gives back what the server sends.
//!
//! Some versions of libmariadb (3.3.19, which came with MariaDB 10.11.18, and 3.4.9) forget the length of a text or of bytes when
//! they are given a longer buffer for it, as diesel does at the first row: it is empty then ([CONC-821], [diesel 5091]). A row
//! whose key is empty belongs to no setting, so that settings would read as not set. The library is linked at run time: only
//! the running process can tell.
//!
//! [CONC-821]: https://jira.mariadb.org/browse/CONC-821
//! [diesel 5091]: https://github.com/diesel-rs/diesel/issues/5091

use std::sync::OnceLock;

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::sql_types::Text;

use crate::dialect::{Run, Statement};
use crate::failure::{Failure, Reason};

/// One library serves the whole process.
static TRUSTED: OnceLock<bool> = OnceLock::new();

/// What the server sends back.
const TEXT: &str = "constance";

/// Asks once in a process, over this connection.
///
/// # Errors
///
/// [`Reason::ClientMisreads`] where the library cannot be trusted; why it could not be asked.
pub(super) fn check(connection: &mut MysqlConnection) -> Result<(), Failure> {
    let trusted = match TRUSTED.get() {
        Some(trusted) => *trusted,
        None => {
            let received = connection.run(Statement::Other, |connection| {
                sql::<Text>("SELECT 'constance'").get_result::<String>(connection)
            })?;
            let trusted = received == TEXT;
            *TRUSTED.get_or_init(|| trusted)
        }
    };
    if trusted { Ok(()) } else { Err(Reason::ClientMisreads.into()) }
}
