//! The cache as a backend.

use std::sync::Arc;
use std::time::Duration;

use constance_core::{
    Backend, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Encoded, Key, Portion, Stored, Watch},
};

use super::LocalCache;
use super::fetch::Answer;
use super::invalidation::{InFlightWrite, InvalidateOnDrop};
use super::lookup::Next;
use super::watch::InvalidatingWatch;

impl<B: Backend> LocalCache<B> {
    fn ask(&self, keys: &[&Key]) -> Result<Answer> {
        if keys.is_empty() {
            return Ok(Answer { stored: Vec::new(), age: 0 });
        }
        let mut lookup = match self.state.ask(keys) {
            Ok(found) => return Ok(found),
            Err(lookup) => lookup,
        };
        loop {
            let end = match lookup.next() {
                Next::Answer(found) => return Ok(found),
                Next::Wait(waiting) => waiting.wait(),
                Next::Fetch(owner) => {
                    if let Some(follower) = &self.follower {
                        follower.follow(&self.inner, &self.state, owner.keys());
                    }
                    let found = self.inner.read_with_age(&owner.keys().iter().collect::<Vec<_>>());
                    owner.finish(found)
                }
            };
            if let Some(answer) = lookup.answer(end) {
                return answer;
            }
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Backend> Backend for LocalCache<B> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capability(&self) -> Capability {
        self.inner.capability().with_remembers(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.ask(keys).map(|answer| answer.stored)
    }

    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        self.ask(keys).map(|answer| (answer.stored, Duration::from_nanos(answer.age)))
    }

    // Tools want to see the store.
    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.inner.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        InFlightWrite::new(&self.state, batch).end(self.inner.write(batch))
    }

    #[inline]
    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        if let Some(shown) = self.state.hit(key, |stored| show(stored, visitor)) {
            return shown;
        }
        self.read(&[key])?.iter().try_for_each(|stored| show(stored, visitor))
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        let watch = self.inner.watch(prefix)?;
        Ok(Box::new(InvalidatingWatch::new(watch, Arc::clone(&self.state), prefix.clone())))
    }

    fn default_prefix(&self) -> Prefix {
        self.inner.default_prefix()
    }

    fn declare(&self, keys: &[Key]) {
        self.state.declare(keys);
        self.inner.declare(keys);
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        let _dropped_at_the_end = InvalidateOnDrop { state: &self.state, keys };
        self.inner.forget(keys)
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
        let migrated = self.inner.migrate();
        self.state.drop_all();
        migrated
    }
}

#[inline]
fn show(stored: &Stored, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
    visitor(stored.bytes()?.map(Encoded::as_bytes));
    Ok(())
}
