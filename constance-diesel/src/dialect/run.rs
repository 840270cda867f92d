//! Runs statements on a connection.

use diesel::RunQueryDsl;
use diesel::connection::{AnsiTransactionManager, Connection};
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::r2d2::R2D2Connection;

use crate::failure::Failure;
use crate::schema::Tables;

/// Runs statements, and keeps of their failures what is needed to find the cause.
pub trait Run: R2D2Connection + Connection<TransactionManager = AnsiTransactionManager> + Send + 'static {
    /// Runs `work`. Where it fails, the failure keeps what [`Diagnose`](super::Diagnose) needs beside the driver's error, and what
    /// the database can only be asked before its next statement. Default: the driver's error alone.
    fn run<T, E: Into<Failure>>(
        &mut self,
        statement: Statement<'_>,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let _ = statement;
        work(self).map_err(Into::into)
    }

    /// As [`run`](Self::run), for work that gives rows. Default: the same.
    fn run_for_rows<T, E: Into<Failure>>(
        &mut self,
        statement: Statement<'_>,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, Failure> {
        self.run(statement, work)
    }

    /// Executes a query that writes to the settings table; whether it found a row.
    fn execute<Q: ExecuteDsl<Self> + RunQueryDsl<Self>>(&mut self, tables: &Tables, query: Q) -> Result<bool, Failure> {
        self.run(Statement::Writes(tables), |connection| query.execute(connection)).map(|rows| rows > 0)
    }
}

/// What a statement does with the settings table, and so which rights it needs.
#[derive(Debug, Clone, Copy)]
pub enum Statement<'t> {
    Reads(&'t Tables),
    Writes(&'t Tables),
    Migrates(&'t Tables),
    /// Something else: a question about the catalogue or the table of versions, the beginning of a transaction.
    Other,
}
