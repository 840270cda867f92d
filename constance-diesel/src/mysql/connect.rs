//! Opens connections, each within a time.
//!
//! The client library waits for ever for a server that takes a connection and says nothing, and diesel gives no way to
//! tell it otherwise. So it waits in a thread of its own, and who asked goes on without it.

use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use constance_pool::{MAX_TIMEOUT, addresses};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::sql_types::Text;
use diesel::{Connection, RunQueryDsl};

use super::target::Target;
use super::target::host;
use super::{client_check, connect_error, diagnose};
use crate::dialect::{Connect, Purpose, Run, Statement};
use crate::failure::Failure;
use crate::options::Options;

impl Connect for MysqlConnection {
    const HAS_NETWORK: bool = true;

    type Target = Target;

    fn open(target: &Target, _: Purpose, options: &Options) -> Result<Self> {
        open(target, options)
    }
}

/// Opens a connection and sets its session up. Each address of the server has a share of the time.
fn open(target: &Target, options: &Options) -> Result<MysqlConnection> {
    let timeout = options.connect_timeout.clamp(Duration::from_secs(1), MAX_TIMEOUT);
    let Some((host, port)) = host::of(&target.url) else { return open_within(target.clone(), options, timeout) };
    let end = Instant::now() + timeout;
    let found = addresses::resolve(host, port, timeout)?;
    addresses::try_each(&found, end, |address, share| {
        let url = host::replaced(&target.url, address).into();
        open_within(Target { url, ..target.clone() }, options, share)
    })
}

fn open_within(target: Target, options: &Options, within: Duration) -> Result<MysqlConnection> {
    let options = options.clone();
    constance_pool::run_with_timeout(within, move || {
        let mut connection = MysqlConnection::establish(&target.url).map_err(connect_error::of)?;
        let settings = settings(&options);
        connection.run(Statement::Other, |connection| connection.batch_execute(&settings)).map_err(named)?;
        // Before anything is believed that a statement gives.
        client_check::check(&mut connection).map_err(named)?;
        if target.encrypted {
            require_tls(&mut connection)?;
        }
        Ok(connection)
    })
}

/// The settings of a session, in one statement.
fn settings(options: &Options) -> String {
    // Whole seconds, and at least one: MySQL takes no less, and MariaDB takes zero for "not at all".
    let seconds = |time: Duration| time.as_millis().div_ceil(1000).clamp(1, 1_000_000);
    let (lock, statement) = (seconds(options.busy_timeout), seconds(options.statement_timeout));
    // Not as the server has it: without the strict mode what is too long is cut off in silence, and without autocommit
    // nothing is ever stored. READ COMMITTED locks rows and not the gaps between them, where writers would stop each
    // other. Of the two comments MariaDB reads the first and MySQL the second.
    format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
         SET SESSION autocommit = 1, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
         innodb_lock_wait_timeout = {lock}, lock_wait_timeout = {lock}\
         /*M! , max_statement_time = {statement} *//*!50708 , max_execution_time = {} */",
        statement * 1000
    )
}

fn named(failure: Failure) -> Error {
    diagnose::of(&failure).error
}

/// libmariadb goes on in clear text where the server has no TLS.
fn require_tls(connection: &mut MysqlConnection) -> Result<()> {
    let status = connection.run(Statement::Other, |connection| {
        sql::<(Text, Text)>("SHOW SESSION STATUS LIKE 'Ssl_cipher'").get_result::<(String, String)>(connection)
    });
    let (_, cipher) = status.map_err(named)?;
    if !cipher.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Configuration)
        .with_detail("the URL asks for TLS, and the connection was made without")
        .with_hint("give ssl_ca in the URL, and TLS to the server"))
}
