//! A backend of one's own: settings in a text file, a line each, for one process. Checked by the conformance suite.
//!
//! ```text
//! cargo run -p constance-core --example own_backend
//! cargo test -p constance-core --example own_backend
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{fs, io};

use constance_core::{
    Backend, Config, Error, ErrorKind, Prefix, Result, Settings,
    backend::{Applied, Batch, Capability, Encoded, Key, Op, Stored},
};

/// Settings in the file `settings` of a folder. Other processes may read it; one process writes.
#[derive(Debug)]
struct FileBackend<F> {
    folder: F,
    /// One write at a time, from its look at the file to its end.
    writing: Mutex<()>,
}

impl<F: AsRef<Path>> FileBackend<F> {
    fn new(folder: F) -> Self {
        Self { folder, writing: Mutex::new(()) } // no I/O: a service may start while the disk is away
    }

    fn path(&self) -> PathBuf {
        self.folder.as_ref().join("settings")
    }

    fn load(&self) -> Result<BTreeMap<String, Encoded>> {
        let text = match fs::read_to_string(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(), // nothing was stored yet
            read => read.map_err(failed)?,
        };
        let pair = |line: &str| {
            let (key, value) = line.split_once('=')?;
            Some((String::from_utf8(bytes(key)?).ok()?, Encoded::from(bytes(value)?)))
        };
        text.lines().map(|line| pair(line).ok_or_else(|| unavailable("a line of the file is damaged"))).collect()
    }

    /// Replaces the file as a whole: a reader sees all of a batch or nothing of it.
    fn save(&self, map: &BTreeMap<String, Encoded>) -> Result<()> {
        let line = |(key, value): (&String, &Encoded)| format!("{}={}\n", hex(key.as_bytes()), hex(value.as_bytes()));
        let text: String = map.iter().map(line).collect();
        let new = self.path().with_extension("new");
        fs::write(&new, text).and_then(|()| fs::rename(&new, self.path())).map_err(failed)
    }
}

/// A prefix may hold any character, and a value any byte: a line end, too.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Says what happened, and never what is in the file.
fn failed(error: io::Error) -> Error {
    unavailable(format!("the file cannot be used ({:?})", error.kind()))
}

fn unavailable(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable).with_detail(detail.into())
}

impl<F: AsRef<Path> + Debug + Send + Sync> Backend for FileBackend<F> {
    fn name(&self) -> &str {
        "file"
    }

    fn capability(&self) -> Capability {
        Capability::new().with_persistent(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        let map = self.load()?;
        Ok(keys.iter().map(|key| map.get(key.as_str()).cloned().into()).collect())
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let map = self.load()?;
        Ok(map.into_iter().filter_map(|(key, value)| Some((prefix.key_of(key.as_bytes())?, value.into()))).collect())
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let _writing = self.writing.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut map = self.load()?;
        let mut previous = Vec::new();
        for (index, change) in batch.changes().iter().enumerate() {
            let current = Stored::from(map.get(change.key.as_str()).cloned());
            if !change.expect.holds(&current) {
                return Ok(Applied::Conflict { index, current });
            }
            if batch.want_previous() {
                previous.push(current);
            }
        }
        for change in batch.changes() {
            match &change.op {
                Op::Set(value) => drop(map.insert(change.key.to_string(), value.clone())),
                Op::Remove => drop(map.remove(change.key.as_str())),
                Op::Keep => {}
            }
        }
        self.save(&map)?;
        Ok(Applied::Done(previous))
    }
}

/// Live settings of the shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// Website title
    #[setting(default = "My Title")]
    site_name: String,
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let temporary = tempfile::tempdir()?;
    let folder = temporary.path().to_owned();
    let config = Config::<Shop>::new(FileBackend::new(folder.clone()));
    config.set(Shop::SITE_NAME, "Corner".to_owned())?;
    println!("the file has: {}", fs::read_to_string(folder.join("settings"))?.trim_end());
    println!("the setting is: {}", config.get(Shop::SITE_NAME)?);
    assert_eq!(config.get(Shop::SITE_NAME)?, "Corner");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::FileBackend;

    // Every case opens a store of its own here; a store that several tests share would do as well.
    fn make_backend() -> Option<FileBackend<tempfile::TempDir>> {
        Some(FileBackend::new(tempfile::tempdir().expect("a folder")))
    }

    constance_core::conformance_tests!(make_backend);

    #[test]
    fn it_runs() {
        super::main().expect("it runs");
    }
}
