//! What differs between databases: one small trait for each job, implemented by the three types of connections.

mod changes;
mod connect;
mod diagnose;
mod migrations;
mod read;
mod run;
mod transactions;
mod versions;
mod write;

pub(crate) use self::changes::Changes;
pub(crate) use self::connect::{Connect, ConnectTarget, FileId, Purpose};
pub(crate) use self::diagnose::Diagnose;
pub(crate) use self::migrations::Migrations;
pub(crate) use self::read::{ReadManyKeys, ReadSettings};
pub(crate) use self::run::{Run, Statement};
pub(crate) use self::transactions::MAX_ATTEMPTS;
pub(crate) use self::transactions::Transactions;
pub(crate) use self::versions::Versions;
pub(crate) use self::write::WriteSettings;

/// A diesel connection type that settings can be stored through.
///
/// It is sealed: what it asks of a database may grow. Implemented for `diesel::SqliteConnection` with the feature
/// `sqlite`, for `diesel::PgConnection` with `postgres` and for `diesel::MysqlConnection` with `mysql`.
pub trait Dialect: Connect + ReadSettings + WriteSettings + Versions + Changes {
    /// The backend's name in errors: `sqlite`, `postgres` or `mysql`.
    const NAME: &'static str;
}
