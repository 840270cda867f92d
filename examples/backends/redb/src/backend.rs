//! The backend.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use constance_core::{
    Backend, Prefix, Result,
    backend::{Applied, Batch, Capability, Encoded, Key, Op, Stored, Watch},
};
use redb::{Database, ReadableDatabase, ReadableTable, Table};

use crate::error::classify;
use crate::store::{SETTINGS, Store, if_there};
use crate::watch::Feed;

/// Settings in a redb file.
///
/// ```
/// use constance_core::{backend::{Batch, Change, Encoded}, Backend, Prefix};
/// use constance_redb::RedbBackend;
///
/// let folder = tempfile::tempdir()?;
/// let backend = RedbBackend::new(folder.path().join("settings.redb"));
/// let key = Prefix::empty().key("theme")?;
/// backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(b"dark".to_vec()))))?;
/// assert_eq!(backend.read(&[&key])?[0].value().map(Encoded::len), Some(4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RedbBackend(Store);

impl RedbBackend {
    /// A backend on this file, which the first call opens, or makes where it is not there. No I/O.
    #[must_use]
    pub fn new(file: impl AsRef<Path>) -> Self {
        Self(Store::at(file.as_ref().to_owned()))
    }

    /// A backend on a database that the application has open. The settings are in a table of their own,
    /// `constance_settings`. No I/O.
    #[must_use]
    pub fn with_database(database: Arc<Database>) -> Self {
        Self(Store::of(database))
    }
}

impl Backend for RedbBackend {
    fn name(&self) -> &str {
        "redb"
    }

    fn capability(&self) -> Capability {
        // Not shared: a second backend cannot open the file while this one has it.
        Capability::new().with_persistent(true).with_watch(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // One transaction, so that all keys are as of one moment.
        let transaction = self.0.database()?.begin_read().map_err(|error| classify(error.into()))?;
        let Some(table) = if_there(transaction.open_table(SETTINGS))? else {
            return Ok(vec![Stored::Absent; keys.len()]);
        };
        keys.iter().map(|key| stored(&table, key.as_str())).collect()
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let transaction = self.0.database()?.begin_read().map_err(|error| classify(error.into()))?;
        let Some(table) = if_there(transaction.open_table(SETTINGS))? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for entry in table.range(prefix.as_str()..).map_err(|error| classify(error.into()))? {
            let (key, value) = entry.map_err(|error| classify(error.into()))?;
            if !key.value().starts_with(prefix.as_str()) {
                break;
            }
            if let Some(key) = prefix.key_of(key.value().as_bytes()) {
                found.push((key, Stored::Value(Encoded::from(value.value()))));
            }
        }
        Ok(found)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        if batch.changes().is_empty() {
            return Ok(Applied::Done(Vec::new()));
        }
        let transaction = self.0.begin_write()?;
        let mut has_changed = false;
        let mut previous = Vec::new();
        {
            let mut table = transaction.open_table(SETTINGS).map_err(|error| classify(error.into()))?;
            for (index, change) in batch.changes().iter().enumerate() {
                let current = stored(&table, change.key.as_str())?;
                if !change.expect.holds(&current) {
                    // The transaction is dropped, and nothing of it is kept.
                    return Ok(Applied::Conflict { index, current });
                }
                if batch.want_previous() {
                    previous.push(current);
                }
            }
            for change in batch.changes() {
                has_changed |= apply(&mut table, change.key.as_str(), &change.op)?;
            }
        }
        if has_changed {
            transaction.commit().map_err(|error| classify(error.into()))?;
            self.0.changes.tell();
        }
        Ok(Applied::Done(previous))
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let transaction = self.0.database()?.begin_read().map_err(|error| classify(error.into()))?;
        let table = if_there(transaction.open_table(SETTINGS))?;
        let found = table.map(|table| table.get(key.as_str())).transpose();
        // A reader of redb holds up no writer, so the visitor may write.
        visitor(found.map_err(|error| classify(error.into()))?.flatten().as_ref().map(|value| value.value()));
        Ok(())
    }

    fn watch(&self, _prefix: &Prefix) -> Result<Box<dyn Watch>> {
        // A store that cannot be opened is not followed.
        drop(self.0.database()?);
        Ok(Box::new(Feed::new(Arc::clone(&self.0.changes))))
    }
}

fn stored(table: &impl ReadableTable<&'static str, &'static [u8]>, key: &str) -> Result<Stored> {
    let found = table.get(key).map_err(|error| classify(error.into()))?;
    Ok(found.map(|value| Encoded::from(value.value())).into())
}

/// Whether it made a difference.
fn apply(table: &mut Table<'_, &'static str, &'static [u8]>, key: &str, to: &Op) -> Result<bool> {
    match to {
        Op::Set(value) => {
            table.insert(key, value.as_bytes()).map_err(|error| classify(error.into()))?;
            Ok(true)
        }
        Op::Remove => Ok(table.remove(key).map_err(|error| classify(error.into()))?.is_some()),
        Op::Keep => Ok(false),
    }
}

impl fmt::Debug for RedbBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbBackend").finish_non_exhaustive()
    }
}
