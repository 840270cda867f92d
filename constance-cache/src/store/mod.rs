//! Where a [`SharedCache`](crate::SharedCache) keeps its entries: the contract, and the stores that there are.

#[cfg(any(feature = "memcached", feature = "redis"))]
mod interrupted;
#[cfg(feature = "memcached")]
mod memcached;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod unique_id;

use std::fmt::Debug;
use std::time::Duration;

use constance_core::Result;

#[cfg(feature = "memcached")]
pub use self::memcached::{MemcachedBuilder, MemcachedStore};
pub use self::memory::MemoryStore;
#[cfg(feature = "redis")]
pub use self::redis::{RedisStore, RedisStoreBuilder};
pub(crate) use self::unique_id::unique_id;

/// A cache server (or several) in two operations: look at cells, and replace a cell that is still what it was.
///
/// A cell is some bytes under a key, for a time. It may vanish at any moment, as caches lose things; what a store must
/// never do is bring one back, or take one cell for another.
///
/// # The contract
///
/// - [`read`](Self::read) gives the cells of all its keys as they were at one moment, or says of those that moved that they
///   did.
/// - [`swap`](Self::swap) is atomic for each key, and `SwapFrom::Version` means the very cell that was read: not one that has the
///   same bytes by chance, and not one of a server that was restarted since. Version numbers that begin anew with the
///   server (as memcached's do) are not enough by themselves.
/// - A cell lives for the time it was given unless it is lost, and [`Cell::left`] is never less than what it has left to
///   live; both may be up to two seconds more.
/// - An `Err` means that the server did not do its work. It may come to it later: a swap that is late is then still a swap.
/// - Every call ends soon, with an `Err` if need be. Someone is waiting for a setting.
/// - Making a store does no I/O.
///
/// Keys are at most 250 bytes of visible ASCII, and bytes are never empty.
pub trait CacheStore: Debug + Send + Sync {
    /// The store's name, for errors: one word, such as `memcached`.
    fn name(&self) -> &str;

    /// Whether every process that writes these settings sees the same cells. If not, no cache can be kept right with it:
    /// [`SharedCacheBuilder::build`](crate::SharedCacheBuilder::build) refuses it.
    fn is_shared(&self) -> bool;

    /// What is under these keys, all of one [part](Self::part_of), in their order: one round trip. A key may occur twice.
    ///
    /// # Errors
    ///
    /// Where the server does not answer.
    fn read(&self, keys: &[&str]) -> Result<Vec<Seen>>;

    /// Replaces cells one after the other, each only where it is as expected. `Some` is the version of what was put there. The
    /// keys are all of one [part](Self::part_of).
    ///
    /// # Errors
    ///
    /// Where the server does not answer; nobody knows then which of them were replaced.
    fn swap(&self, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>>;

    /// How many parts there are that fail by themselves, such as servers. Default: 1.
    fn parts(&self) -> usize {
        1
    }

    /// The part that a key belongs to, the same in every process. Default: 0.
    fn part_of(&self, key: &str) -> usize {
        let _ = key;
        0
    }

    /// The longest bytes it takes. What is longer is not cached. Default: no limit.
    fn max_len(&self) -> Option<usize> {
        None
    }
}

/// What [`CacheStore::read`] finds under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Vacant,
    /// A cell.
    Cell(Cell),
    /// It was changed while it was being read together with others.
    Moved,
}

/// Bytes in a cache.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make them")]
pub struct Cell {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How long it has still to live; never less than the truth.
    pub left: Duration,
    /// Which cell it is.
    pub version: Version,
}

/// Which cell it is, in whatever way a store tells cells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores make them")]
pub struct Version(pub u64, pub u64);

/// A replacement.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "it is what a swap is")]
pub struct Swap<'a> {
    /// The key.
    pub key: &'a str,
    /// What must be there.
    pub from: SwapFrom,
    /// What is there afterwards.
    pub to: &'a [u8],
    /// How long it lives: more than zero, in steps of a millisecond.
    pub ttl: Duration,
}

/// What must be under a key for a [`Swap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store that did not know one would be wrong")]
pub enum SwapFrom {
    /// Nothing.
    Vacant,
    /// This very cell.
    Version(Version),
    /// Anything or nothing.
    Any,
}

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[deny(clippy::missing_trait_methods)]
        impl<C: CacheStore + ?Sized> CacheStore for $pointer {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn is_shared(&self) -> bool {
                (**self).is_shared()
            }

            fn read(&self, keys: &[&str]) -> Result<Vec<Seen>> {
                (**self).read(keys)
            }

            fn swap(&self, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>> {
                (**self).swap(swaps)
            }

            fn parts(&self) -> usize {
                (**self).parts()
            }

            fn part_of(&self, key: &str) -> usize {
                (**self).part_of(key)
            }

            fn max_len(&self) -> Option<usize> {
                (**self).max_len()
            }
        }
    )+};
}

forward!(&C, Box<C>, std::sync::Arc<C>);

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { bytes, left, version } = self;
        f.debug_struct("Cell").field("len", &bytes.len()).field("left", left).field("version", version).finish()
    }
}
