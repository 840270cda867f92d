//! A reference, a box and an `Arc` of an asynchronous backend are asynchronous backends.

use std::sync::Arc;
use std::time::Duration;

use super::{AsyncBackend, AsyncWatch, BoxFuture};
use crate::{
    Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Key, Portion, Stored},
};

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[deny(clippy::missing_trait_methods)]
        impl<B: AsyncBackend + ?Sized> AsyncBackend for $pointer {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn capability(&self) -> Capability {
                (**self).capability()
            }

            fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
                (**self).read(keys)
            }

            fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
                (**self).list(prefix)
            }

            fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
                (**self).write(batch)
            }

            fn peek(&self, key: &Key) -> Option<Stored> {
                (**self).peek(key)
            }

            fn read_with_age<'a>(
                &'a self,
                keys: &'a [&'a Key],
            ) -> BoxFuture<'a, Result<(Vec<Stored>, Duration)>> {
                (**self).read_with_age(keys)
            }

            fn watch<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Box<dyn AsyncWatch>>> {
                (**self).watch(prefix)
            }

            fn default_prefix(&self) -> Prefix {
                (**self).default_prefix()
            }

            fn declare(&self, keys: &[Key]) {
                (**self).declare(keys);
            }

            fn forget<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<()>> {
                (**self).forget(keys)
            }

            fn ping(&self) -> BoxFuture<'_, Result<()>> {
                (**self).ping()
            }

            fn keys_from<'a>(&'a self, prefix: &'a Prefix, from: Option<&'a [u8]>) -> BoxFuture<'a, Result<Portion>> {
                (**self).keys_from(prefix, from)
            }

            fn identity(&self) -> Option<String> {
                (**self).identity()
            }

            fn warnings(&self) -> BoxFuture<'_, Result<Vec<Warning>>> {
                (**self).warnings()
            }

            fn migrate(&self) -> BoxFuture<'_, Result<()>> {
                (**self).migrate()
            }
        }
    )+};
}

forward!(&B, Box<B>, Arc<B>);
