//! The open file, and who listens to its changes.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use constance_core::Result;
use redb::{Database, TableDefinition, TableError, WriteTransaction};

use crate::error::classify;

/// Keys as they are, and the bytes of the values.
pub(crate) const SETTINGS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("constance_settings");

/// A file that is opened when it is needed, since making a backend does no I/O.
pub(crate) struct Store {
    file: PathBuf,
    database: Mutex<Option<Arc<Database>>>,
    pub(crate) changes: Arc<Changes>,
}

/// How many batches have changed something.
#[derive(Default)]
pub(crate) struct Changes {
    count: Mutex<u64>,
    pub(crate) more: Condvar,
}

impl Store {
    pub(crate) fn at(file: PathBuf) -> Self {
        Self { file, database: Mutex::default(), changes: Arc::default() }
    }

    pub(crate) fn of(database: Arc<Database>) -> Self {
        Self { file: PathBuf::new(), database: Mutex::new(Some(database)), changes: Arc::default() }
    }

    /// The open file. One that could not be opened is tried again by the next call.
    pub(crate) fn database(&self) -> Result<Arc<Database>> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*database {
            return Ok(Arc::clone(open));
        }
        let open = Arc::new(Database::create(&self.file).map_err(|error| classify(error.into()))?);
        Ok(Arc::clone(database.insert(open)))
    }

    /// A transaction that is on the disk when it is committed.
    pub(crate) fn begin_write(&self) -> Result<WriteTransaction> {
        self.database()?.begin_write().map_err(|error| classify(error.into()))
    }
}

impl Changes {
    pub(crate) fn count(&self) -> MutexGuard<'_, u64> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody who waits. Called after the commit: a wake announces what can be read.
    pub(crate) fn tell(&self) {
        *self.count() += 1;
        self.more.notify_all();
    }
}

/// A table that nobody has written to yet is an empty one.
pub(crate) fn if_there<T>(table: Result<T, TableError>) -> Result<Option<T>> {
    match table {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(classify(error.into())),
    }
}
