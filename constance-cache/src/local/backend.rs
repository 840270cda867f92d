//! The cache as a backend.

use std::sync::Arc;
use std::time::Duration;

use constance_core::{
    Applied, Backend, Batch, Capability, Encoded, Key, Portion, Prefix, Result, Stored, Warning, Watch,
};

use super::LocalCache;
use super::asking::Next;
use super::flight::Answer;
use super::watch::Told;
use super::writing::{Forgetting, Writing};

impl<B: Backend> LocalCache<B> {
    fn ask(&self, keys: &[&Key]) -> Result<Answer> {
        if keys.is_empty() {
            return Ok(Answer { stored: Vec::new(), age: 0 });
        }
        let mut asking = match self.state.ask(keys) {
            Ok(found) => return Ok(found),
            Err(asking) => asking,
        };
        loop {
            let end = match asking.next() {
                Next::Answer(found) => return Ok(found),
                Next::Wait(waiting) => waiting.wait(),
                Next::Fetch(lead) => {
                    if let Some(follower) = &self.follower {
                        follower.follow(&self.backend, &self.state, lead.keys());
                    }
                    let found = self.backend.read_with_age(&lead.keys().iter().collect::<Vec<_>>());
                    lead.land(found)
                }
            };
            if let Some(answer) = asking.answer(end) {
                return answer;
            }
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Backend> Backend for LocalCache<B> {
    fn name(&self) -> &str {
        self.backend.name()
    }

    fn capability(&self) -> Capability {
        self.backend.capability().with_remembers(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.ask(keys).map(|answer| answer.stored)
    }

    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        self.ask(keys).map(|answer| (answer.stored, Duration::from_nanos(answer.age)))
    }

    // Tools want to see the store.
    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.backend.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        Writing::new(&self.state, batch).end(self.backend.write(batch))
    }

    #[inline]
    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        if let Some(shown) = self.state.hit(key, |stored| show(stored, visitor)) {
            return shown;
        }
        self.read(&[key])?.iter().try_for_each(|stored| show(stored, visitor))
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        let watch = self.backend.watch(prefix)?;
        Ok(Box::new(Told::new(watch, Arc::clone(&self.state), prefix.clone())))
    }

    fn default_prefix(&self) -> Prefix {
        self.backend.default_prefix()
    }

    fn declare(&self, keys: &[Key]) {
        self.state.declare(keys);
        self.backend.declare(keys);
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        let _dropped_at_the_end = Forgetting { state: &self.state, keys };
        self.backend.forget(keys)
    }

    fn ping(&self) -> Result<()> {
        self.backend.ping()
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        self.backend.keys_from(prefix, from)
    }

    fn identity(&self) -> Option<String> {
        self.backend.identity()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.backend.warnings()
    }

    fn migrate(&self) -> Result<()> {
        let migrated = self.backend.migrate();
        self.state.drop_all();
        migrated
    }
}

#[inline]
fn show(stored: &Stored, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
    visitor(stored.bytes()?.map(Encoded::as_bytes));
    Ok(())
}
