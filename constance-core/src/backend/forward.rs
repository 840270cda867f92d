//! A reference, a box and an `Arc` of a backend are backends.

use std::sync::Arc;
use std::time::Duration;

use crate::{
    Backend, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Key, Portion, Stored, Watch},
};

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[deny(clippy::missing_trait_methods)]
        impl<B: Backend + ?Sized> Backend for $pointer {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn capability(&self) -> Capability {
                (**self).capability()
            }

            fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
                (**self).read(keys)
            }

            fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
                (**self).list(prefix)
            }

            fn write(&self, batch: &Batch) -> Result<Applied> {
                (**self).write(batch)
            }

            fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
                (**self).visit(key, visitor)
            }

            fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
                (**self).read_with_age(keys)
            }

            fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
                (**self).watch(prefix)
            }

            fn default_prefix(&self) -> Prefix {
                (**self).default_prefix()
            }

            fn declare(&self, keys: &[Key]) {
                (**self).declare(keys);
            }

            fn forget(&self, keys: &[&Key]) -> Result<()> {
                (**self).forget(keys)
            }

            fn ping(&self) -> Result<()> {
                (**self).ping()
            }

            fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
                (**self).keys_from(prefix, from)
            }

            fn identity(&self) -> Option<String> {
                (**self).identity()
            }

            fn warnings(&self) -> Result<Vec<Warning>> {
                (**self).warnings()
            }

            fn migrate(&self) -> Result<()> {
                (**self).migrate()
            }
        }
    )+};
}

forward!(&B, Box<B>, Arc<B>);
