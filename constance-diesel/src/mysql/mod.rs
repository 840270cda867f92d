//! MySQL and MariaDB.

mod client;
mod connect;
mod django;
mod failure;
mod host;
mod migration;
mod rows;
mod target;
mod watch;

use std::num::NonZeroU32;

use constance_core::{Result, Warning, backend::Watch};
use diesel::RunQueryDsl;
use diesel::connection::{
    AnsiTransactionManager, SimpleConnection, TransactionDepthChange, TransactionManager, TransactionManagerStatus,
};
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::result::{DatabaseErrorKind, Error as DriverError, OptionalExtension, QueryResult};
use diesel::sql_types::BigInt;

use self::rows::Look;
use self::target::Target;
use crate::DieselBackend;
use crate::dialect::{Options, Purpose, Verbs};
use crate::error::Failure;
use crate::layout::Layout;
use crate::migrate::Step;
use crate::query::{
    AnyKey, Bound, Clash, Delete, Forget, Insert, KeysIn, Record, RowsIn, UpdateIf, Usual, ValueOf, Versions,
};
use crate::schema::{Column, FoundKey, FoundValue, Row, Tables};
use crate::store::depth;

/// Settings in a MySQL or MariaDB database.
pub type MysqlBackend = DieselBackend<MysqlConnection>;

/// From this length on, a value is compared with what the server takes before it is sent: the server hangs up on more, and
/// whether what it said before is still read is a matter of luck.
const LONG: usize = 1 << 20;

impl Verbs for MysqlConnection {
    const NAME: &'static str = "mysql";
    const RANGE_FROM: usize = 16;
    const NETWORK: bool = true;
    const UNDOES_CHANGES_OF_TABLES: bool = false;
    const COLUMNS: [(&'static str, &'static [&'static str]); 4] = [
        ("key", &["varbinary(255)"]),
        ("value", &["longblob", "mediumblob"]),
        ("revision", &["bigint"]),
        ("changed_at", &["timestamp(6)"]),
    ];
    const COLUMNS_OF_DJANGO: [(&'static str, &'static [&'static str]); 2] =
        [("key", &["varchar(255)"]), ("value", &["longtext"])];
    const NOW: &'static str = "CURRENT_TIMESTAMP(6)";

    type Target = Target;
    type Mark = ();
    type Seen = watch::Seen;

    fn target(url: &str) -> Result<Target> {
        Target::parse(url)
    }

    fn refuses_table(name: &str) -> Option<&'static str> {
        if name.chars().any(|c| c > '\u{ffff}') {
            return Some(
                "the table's name holds a character beyond U+FFFF, such as an emoji, which MySQL has in no name",
            );
        }
        if name.starts_with("#mysql50#") {
            return Some("the table's name begins with #mysql50#, which MySQL keeps for itself");
        }
        name.ends_with(' ').then_some("the table's name ends in a space, which MySQL has at the end of no name")
    }

    fn target_of(&mut self) -> Result<Option<Target>, Failure> {
        // A connection does not tell the password that it was made with.
        Ok(None)
    }

    fn location(target: &Target) -> Option<String> {
        target.location()
    }

    fn identity(target: &Target) -> Option<String> {
        target.identity()
    }

    fn cautions(target: &Target) -> Vec<Warning> {
        target.cautions()
    }

    fn mark(_: &Target) {}

    fn open(target: &Target, _: Purpose, options: &Options) -> Result<Self> {
        connect::open(target, options)
    }

    fn begin_write(&mut self) -> QueryResult<()> {
        // For this transaction alone. The usual level locks the gaps where keys are absent, and two that create one stop each
        // other.
        let begin = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN";
        let begun = match AnsiTransactionManager::begin_transaction_sql(self, begin) {
            // An application's pool for tests lends connections inside a transaction that is never committed.
            Err(DriverError::AlreadyInTransaction) => AnsiTransactionManager::begin_transaction(self),
            begun => begun,
        };
        failure::ask(self, begun)
    }

    fn commit(&mut self) -> QueryResult<()> {
        if depth(self)? != Some(NonZeroU32::MIN) {
            return AnsiTransactionManager::commit_transaction(self);
        }
        // diesel rolls back after a commit that failed, and then the server has forgotten the number. A cluster that finds its
        // transactions in conflict says so here.
        let committed = self.batch_execute("COMMIT");
        if let Err(commit_error) = failure::ask(self, committed) {
            return Err(match AnsiTransactionManager::rollback_transaction(self) {
                Ok(()) => commit_error,
                Err(rollback_error) => DriverError::RollbackErrorOnCommit {
                    rollback_error: Box::new(rollback_error),
                    commit_error: Box::new(commit_error),
                },
            });
        }
        match AnsiTransactionManager::transaction_manager_status_mut(self) {
            TransactionManagerStatus::Valid(status) => {
                status.change_transaction_depth(TransactionDepthChange::DecreaseDepth)
            }
            TransactionManagerStatus::InError => Err(DriverError::BrokenTransactionManager),
        }
    }

    fn value_of(&mut self, statement: ValueOf<'_>) -> QueryResult<Option<FoundValue>> {
        let found = match Usual::of(statement) {
            Ok(usual) => usual.get_result(self),
            Err(statement) => statement.get_result(self),
        }
        .optional();
        failure::ask_of_rows(self, found)
    }

    fn rows_in(&mut self, statement: RowsIn<'_>) -> QueryResult<Vec<Row>> {
        let rows = statement.load(self);
        failure::ask_of_rows(self, rows)
    }

    fn keys_in(&mut self, statement: KeysIn<'_>) -> QueryResult<Vec<FoundKey>> {
        let keys = statement.load(self);
        failure::ask_of_rows(self, keys)
    }

    fn rows_of(&mut self, tables: &Tables, keys: &[&str]) -> QueryResult<Vec<Row>> {
        let rows = rows::load(self, tables, keys, Look::Read);
        failure::ask_of_rows(self, rows)
    }

    fn rows_locked(&mut self, tables: &Tables, keys: &[&str]) -> QueryResult<Vec<Row>> {
        let rows = rows::load(self, tables, keys, Look::Lock);
        failure::ask_of_rows(self, rows)
    }

    fn insert(&mut self, statement: Insert<'_>) -> QueryResult<bool> {
        takes(self, statement.value.0.len())?;
        if statement.tables.layout == Layout::Django {
            return django::insert(self, &statement);
        }
        let keep = matches!(statement.clash, Clash::Keep);
        // How many rows it was tells nothing: diesel asks for rows found, not for rows changed.
        match statement.execute(self) {
            Err(DriverError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) if keep => Ok(false),
            done => failure::ask(self, done).map(|_| true),
        }
    }

    fn update_if(&mut self, statement: UpdateIf<'_>) -> QueryResult<bool> {
        let (old, new) = (length(&statement.old), statement.value.0.len());
        if !fits(self, old + new)? {
            // Both travel in one packet. A transaction compares without sending the old one.
            return takes(self, new).map(|()| false);
        }
        let rows = statement.execute(self);
        failure::ask(self, rows).map(|rows| rows > 0)
    }

    fn delete(&mut self, statement: Delete<'_>) -> QueryResult<bool> {
        if !fits(self, length(&statement.old))? {
            return Ok(false);
        }
        let rows = statement.execute(self);
        failure::ask(self, rows).map(|rows| rows > 0)
    }

    fn set_all(&mut self, tables: &Tables, rows: &[(&str, &[u8])]) -> QueryResult<bool> {
        match tables.layout {
            Layout::Own => rows::set_all(self, tables, rows),
            // See `django::insert`.
            Layout::Django => Ok(false),
        }
    }

    fn undone(&mut self, error: &DriverError) -> bool {
        failure::is_undone(error)
    }

    fn ended_all(&mut self, depth: NonZeroU32) -> bool {
        // Which failures end it hangs on the server's settings (`innodb_rollback_on_timeout`, `innodb_snapshot_isolation`),
        // so that the server is asked. Going back to a savepoint leaves it there to go back to again, under the name that
        // diesel gave it; only the end of the transaction takes it away.
        if self.batch_execute(&format!("ROLLBACK TO SAVEPOINT diesel_savepoint_{depth}")).is_ok() {
            return false;
        }
        // Outside a transaction the server stores each further statement of the application's at once. In this one nothing
        // is: it is gone with the connection.
        let _ = self.batch_execute("ROLLBACK; BEGIN");
        true
    }

    fn columns(&mut self, table: &str) -> QueryResult<Vec<Column>> {
        let columns = migration::columns(self, table);
        failure::ask_of_rows(self, columns)
    }

    fn has_table(&mut self, name: &str) -> QueryResult<bool> {
        let found = migration::has_table(self, name);
        failure::ask_of_rows(self, found)
    }

    fn versions(&mut self, statement: Versions<'_>) -> QueryResult<Vec<String>> {
        let versions = statement.load(self);
        failure::ask_of_rows(self, versions)
    }

    fn record(&mut self, statement: Record<'_>) -> QueryResult<usize> {
        match statement.execute(self) {
            // A cluster does not lock for all of its servers: another has done the same, which is no harm.
            Err(DriverError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(0),
            done => failure::ask(self, done),
        }
    }

    fn forget(&mut self, statement: Forget<'_>) -> QueryResult<usize> {
        let done = statement.execute(self);
        failure::ask(self, done)
    }

    fn has_rows(&mut self, statement: AnyKey<'_>) -> QueryResult<bool> {
        let rows = statement.load::<FoundKey>(self);
        failure::ask_of_rows(self, rows).map(|rows| !rows.is_empty())
    }

    fn keep_writers_out(&mut self, tables: &Tables) -> QueryResult<()> {
        migration::keep_writers_out(self, tables)
    }

    fn steps(tables: &Tables) -> Vec<Step> {
        migration::steps(tables)
    }

    fn create_versions(tables: &Tables) -> String {
        migration::create_versions(tables)
    }

    fn migrating<T>(
        &mut self,
        tables: &Tables,
        options: &Options,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T> {
        migration::migrating(self, tables, options, work)
    }

    fn feed(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
        watch::open(target, tables, options)
    }

    fn changed(&mut self, tables: &Tables, seen: &mut watch::Seen) -> QueryResult<bool> {
        seen.changed(self, tables)
    }

    fn failure(&mut self, error: &DriverError) -> Failure {
        failure::of(error)
    }
}

fn length(value: &Option<Bound<'_>>) -> usize {
    value.as_ref().map_or(0, |value| value.0.len())
}

/// Whether the server takes values of this length in one statement.
fn fits(connection: &mut MysqlConnection, length: usize) -> QueryResult<bool> {
    if length < LONG {
        return Ok(true);
    }
    let most = sql::<BigInt>("SELECT CAST(@@max_allowed_packet AS SIGNED)").get_result::<i64>(connection);
    let most = failure::ask_of_rows(connection, most)?;
    // Beside the values there is the key, and the statement around them.
    Ok(length <= usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(1024))
}

/// The same, as an error where it does not.
fn takes(connection: &mut MysqlConnection, length: usize) -> QueryResult<()> {
    if fits(connection, length)? { Ok(()) } else { Err(failure::numbered(failure::TOO_LARGE)) }
}
