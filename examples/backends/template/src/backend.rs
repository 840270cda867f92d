//! The backend.

use std::fmt;

use constance_core::{
    Backend, Prefix, Result,
    backend::{Applied, Batch, Capability, Encoded, Key, Op, Stored, Watch},
};

use crate::Client;
use crate::error::classify;
use crate::watch::Feed;

/// Settings in the store of a [`Client`].
///
/// ```
/// use constance_core::{backend::{Batch, Change, Encoded}, Backend, Prefix};
/// use constance_template::{Client, TemplateBackend};
///
/// let backend = TemplateBackend::new(Client::new());
/// let key = Prefix::empty().key("theme")?;
/// backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(b"dark".to_vec()))))?;
/// assert_eq!(backend.read(&[&key])?[0].value().map(Encoded::len), Some(4));
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct TemplateBackend {
    client: Client,
}

impl TemplateBackend {
    /// A backend over the application's own client. No I/O.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Backend for TemplateBackend {
    fn name(&self) -> &str {
        "template"
    }

    fn capability(&self) -> Capability {
        // `with_shared` where two backends can be opened on one store, `with_persistent` where it outlives the process.
        Capability::new().with_watch(true)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        // All keys in one round trip, as of one moment.
        let found = self.client.look(|map| keys.iter().map(|key| stored(map.get(key.as_str()))).collect());
        found.map_err(classify)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let found = self.client.look(|map| {
            let from = map.range(prefix.as_str().to_owned()..);
            let under = from.take_while(|(key, _)| key.starts_with(prefix.as_str()));
            // `key_of` leaves out the keys of longer prefixes.
            under.filter_map(|(key, value)| Some((prefix.key_of(key.as_bytes())?, stored(Some(value))))).collect()
        });
        found.map_err(classify)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let applied = self.client.transaction(|map| {
            let mut previous = Vec::new();
            for (index, change) in batch.changes().iter().enumerate() {
                let current = stored(map.get(change.key.as_str()));
                if !change.expect.holds(&current) {
                    return (Applied::Conflict { index, current }, false);
                }
                if batch.want_previous() {
                    previous.push(current);
                }
            }
            let mut has_changed = false;
            for change in batch.changes() {
                match &change.op {
                    Op::Set(value) => drop(map.insert(change.key.to_string(), value.as_bytes().to_vec())),
                    Op::Remove => drop(map.remove(change.key.as_str())),
                    Op::Keep => continue,
                }
                has_changed = true;
            }
            (Applied::Done(previous), has_changed)
        });
        applied.map_err(classify)
    }

    fn watch(&self, _prefix: &Prefix) -> Result<Box<dyn Watch>> {
        // From the revision that is now: what changes after this returns, wakes.
        Ok(Box::new(Feed::new(self.client.clone()).map_err(classify)?))
    }
}

fn stored(value: Option<&Vec<u8>>) -> Stored {
    value.map(|bytes| Encoded::from(bytes.as_slice())).into()
}

/// What is stored is not shown, nor a password of the client.
impl fmt::Debug for TemplateBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client: _ } = self;
        f.debug_struct("TemplateBackend").finish_non_exhaustive()
    }
}
