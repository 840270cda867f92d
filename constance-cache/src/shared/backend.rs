//! The cache as a backend.

use std::time::Duration;

use constance_core::{
    Backend, Error, ErrorKind, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Encoded, Key, Portion, Stored, Watch},
};

use super::SharedCache;
use crate::store::CacheStore;

#[deny(clippy::missing_trait_methods)]
impl<B: Backend, C: CacheStore> Backend for SharedCache<B, C> {
    /// Both names: an unreadable value may be one that was put into the cache past every `SharedCache`.
    fn name(&self) -> &str {
        &self.name
    }

    fn capability(&self) -> Capability {
        self.inner.capability().with_remembers(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.find(keys).map(|(found, _)| found)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.inner.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.change(batch)
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let found = self.find(&[key])?.0.pop();
        let stored = found.ok_or_else(|| Error::new(ErrorKind::Contract).with_detail("a read gave no answer"))?;
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    /// By the time that its cell has left: as far as all processes keep values [equally long](super::SharedCacheBuilder::ttl).
    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        self.find(keys)
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        self.inner.watch(prefix)
    }

    fn default_prefix(&self) -> Prefix {
        self.inner.default_prefix()
    }

    fn declare(&self, keys: &[Key]) {
        self.add_declared(keys);
        self.inner.declare(keys);
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        self.drop_cached(keys)
    }

    fn ping(&self) -> Result<()> {
        self.inner.ping()
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        self.inner.keys_from(prefix, from)
    }

    fn identity(&self) -> Option<String> {
        self.inner.identity()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.inner.warnings()
    }

    fn migrate(&self) -> Result<()> {
        self.inner.migrate()
    }
}
