//! Opens connections, each within a time.
//!
//! The client library waits for ever for a server that takes a connection and says nothing, and diesel gives no way to
//! tell it otherwise. So it waits in a thread of its own, and who asked goes on without it.

use std::sync::mpsc;
use std::time::Duration;

use constance_core::{Cause, Error, ErrorKind, Result};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::sql_types::Text;
use diesel::{Connection, RunQueryDsl};

use super::target::Target;
use super::{client, fault};
use crate::dialect::Options;
use crate::waiting::Waiting;

/// Whoever comes when all places are taken fails at once.
static WAITING: Waiting = Waiting::new();

/// Opens a connection and readies it.
pub(super) fn open(target: &Target, options: &Options) -> Result<MysqlConnection> {
    let (target, options) = (target.clone(), options.clone());
    let timeout = options.connect_timeout.max(Duration::from_secs(1));
    within(timeout, "connecting", move || {
        let mut connection = MysqlConnection::establish(&target.url).map_err(|error| fault::connecting(&error))?;
        let readied = connection.batch_execute(&settings(&options));
        fault::ask(&mut connection, readied).map_err(|error| fault::of(&error).error)?;
        // Before anything is believed that a statement gives.
        client::check(&mut connection).map_err(|error| fault::of(&error).error)?;
        if target.encrypted {
            require_tls(&mut connection)?;
        }
        Ok(connection)
    })
}

/// Runs `work` in a thread of its own and waits no longer than this for it. What it makes later is dropped there.
pub(super) fn within<T: Send + 'static>(
    timeout: Duration,
    code: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let silent = |text: &'static str| {
        Error::new(ErrorKind::Timeout)
            .with_detail("the server gave no answer in time")
            .with_cause(Cause::new("mysql").with_code(code).with_text(text))
    };
    let place = WAITING.place().ok_or_else(|| silent("64 threads wait for it already"))?;
    let (sender, receiver) = mpsc::sync_channel(1);
    let waiting = move || {
        let done = work();
        // Given up before the result is handed over, so that a caller who goes on at once finds it free.
        drop(place);
        // Nobody may be waiting any more.
        let _ = sender.send(done);
    };
    std::thread::Builder::new()
        .name("constance-mysql".to_owned())
        .spawn(waiting)
        .map_err(|_| Error::new(ErrorKind::Unavailable).with_detail("the system gives no more threads"))?;
    match receiver.recv_timeout(timeout) {
        Ok(done) => done,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(silent("the timeout is over")),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            Err(Error::new(ErrorKind::Unavailable).with_detail("the driver panicked"))
        }
    }
}

/// What a connection is told before it is used, in one statement.
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

/// libmariadb goes on in clear text where the server has no TLS.
fn require_tls(connection: &mut MysqlConnection) -> Result<()> {
    let cipher =
        sql::<(Text, Text)>("SHOW SESSION STATUS LIKE 'Ssl_cipher'").get_result::<(String, String)>(connection);
    let cipher = fault::ask(connection, cipher).map_err(|error| fault::of(&error).error)?;
    if !cipher.1.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Configuration)
        .with_detail("the URL asks for TLS, and the connection was made without")
        .with_hint("give ssl_ca in the URL, and TLS to the server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_server_is_a_timeout_and_leaves_its_thread_behind() {
        let (release, held) = mpsc::channel::<()>();
        let error = within(Duration::from_millis(1), "test", move || {
            let _ = held.recv();
            Ok(())
        })
        .expect_err("nothing was said");
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Timeout, true));
        drop(release);
    }
}
