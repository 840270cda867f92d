//! A backend of one file, which every write replaces as a whole.

use std::collections::BTreeSet;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Backend, Error, ErrorKind, Prefix, Result,
    backend::{Applied, Batch, Capability, Encoded, Key, Stored},
};

#[derive(Debug)]
pub(crate) struct FileBackend {
    folder: PathBuf,
    writing: Mutex<()>,
}

impl FileBackend {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), writing: Mutex::default() }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("settings")
    }

    /// What is in the file, and its keys.
    fn load(&self) -> Result<(ReferenceBackend, BTreeSet<Key>)> {
        let (store, mut keys) = (ReferenceBackend::new(), BTreeSet::new());
        let text = match std::fs::read_to_string(self.file()) {
            Err(error) if error.kind() == NotFound => String::new(),
            text => text.map_err(|_| unavailable())?,
        };
        for line in text.lines() {
            let mut parts = line.split('\t');
            let (Some(prefix), Some(name), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(unavailable());
            };
            let bytes = value.split_whitespace().map(str::parse).collect::<std::result::Result<Vec<u8>, _>>();
            let key = Prefix::new(prefix)?.key(name)?;
            store.put(&key, Stored::Value(Encoded::from(bytes.map_err(|_| unavailable())?)));
            keys.insert(key);
        }
        Ok((store, keys))
    }

    fn save(&self, store: &ReferenceBackend, keys: &BTreeSet<Key>) -> Result<()> {
        let mut text = String::new();
        for key in keys {
            if let Stored::Value(value) = &store.read(&[key])?[0] {
                let prefix = key.as_str().strip_suffix(key.name()).unwrap_or_default();
                let bytes: Vec<String> = value.as_bytes().iter().map(u8::to_string).collect();
                text.push_str(&format!("{prefix}\t{}\t{}\n", key.name(), bytes.join(" ")));
            }
        }
        let new = self.folder.join("new");
        std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, self.file())).map_err(|_| unavailable())
    }
}

fn unavailable() -> Error {
    Error::new(ErrorKind::Unavailable)
}

impl Backend for FileBackend {
    fn name(&self) -> &str {
        "file"
    }

    fn capability(&self) -> Capability {
        Capability::new().with_persistent(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.load()?.0.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.load()?.0.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (store, mut keys) = self.load()?;
        let applied = store.write(batch)?;
        keys.extend(batch.changes().iter().map(|change| change.key.clone()));
        self.save(&store, &keys)?;
        Ok(applied)
    }
}
