//! The cache as a backend.

use std::time::Duration;

use constance_core::{
    Backend, Error, ErrorKind, Prefix, Result, Warning, WatchMode,
    backend::{Applied, Batch, Capability, ChangedKeys, Encoded, Key, Portion, Stored, Wake, Watch},
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
        Ok(Box::new(Unnamed(self.inner.watch(prefix)?)))
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

/// A feed that does not say which keys changed: what is read after a wake may be what the cache still has, so that a read of some
/// keys and an earlier one of others are not of one moment.
struct Unnamed(Box<dyn Watch>);

#[deny(clippy::missing_trait_methods)]
impl Watch for Unnamed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        self.0.wait(timeout)
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        // The feed below need not keep them.
        drop(self.0.changed_keys());
        ChangedKeys::everything()
    }

    fn catch_up(&mut self) -> Result<bool> {
        Ok(false)
    }

    fn mode(&self) -> WatchMode {
        self.0.mode()
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.0.interrupter()
    }
}
