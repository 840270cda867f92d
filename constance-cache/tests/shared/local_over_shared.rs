//! The cache in the process over the one that processes share: a feed that tells while the shared cache still answers with
//! the value from before. Time stands still.

use std::sync::Arc;
use std::time::Duration;

use constance_cache::{LocalCache, LocalCacheBuilder, SharedCache};
use constance_core::Backend;

use crate::common::{Inner, Store, World, key, read, until, value, write};

type Shared = Arc<SharedCache<Inner, Store>>;
type Local = LocalCache<Shared>;

/// For how long at most a value is kept over a backend that itself remembers.
const MINUTE: Duration = Duration::from_secs(60);

/// The time to live of the entries of a shared cache.
const TTL: Duration = Duration::from_secs(300);

fn local(world: &World, with: impl FnOnce(LocalCacheBuilder<Shared>) -> LocalCacheBuilder<Shared>) -> Local {
    let builder = LocalCache::builder(Arc::new(world.process())).clock(Arc::clone(&world.clock));
    with(builder).build()
}

/// A cache that follows the feed, and has heard it.
fn following(world: &World) -> Local {
    let local = local(world, |builder| builder.ttl_forever().follow());
    read(&local, "theme").expect("a read");
    let mut changes = 0;
    told(&local, || {
        changes = u8::wrapping_add(changes, 1);
        world.put("another", &[changes]);
    });
    local
}

/// Reads until the feed has dropped what was remembered. What is read then came from below after the change.
fn told(local: &Local, mut change: impl FnMut()) {
    let misses = || local.counters().counts().misses;
    let before = misses();
    until("the feed tells", || {
        change();
        read(local, "theme").expect("a read");
        (misses() > before).then_some(())
    });
}

/// The shared cache loses the mark of a writer, a reader fills it from before the commit, and the feed tells of the commit
/// before the writer has cleared that: what is fetched then is old, and nothing tells of it any more.
#[test]
fn a_value_from_between_commit_and_clearing_is_not_kept_for_ever() {
    let world = World::new();
    world.put("theme", b"old");
    let (local, reader, writer) = (following(&world), world.process(), world.process());
    let commit = world.inner.hold_writes();
    std::thread::scope(|scope| {
        let written = scope.spawn(|| write(&writer, "theme", b"new"));
        commit.wait_for(1);
        world.store.inner().clear();
        assert_eq!(read(&reader, "theme").expect("a read"), value(b"old"), "on probation");
        let reply = world.inner.hold_write_replies();
        commit.open();
        reply.wait_for(1);
        told(&local, || {});
        reply.open();
        written.join().expect("no panic").expect("a write");
    });
    assert_eq!(read(&reader, "theme").expect("a read"), value(b"new"), "the shared cache was cleared");
    world.clock.advance(MINUTE);
    assert_eq!(read(&local, "theme").expect("a read"), value(b"new"));
}

/// A write past every shared cache is followed by a feed, and by no clearing.
#[test]
fn a_write_past_the_shared_cache_is_seen_when_both_times_are_up() {
    let world = World::new();
    world.put("theme", b"old");
    let local = following(&world);
    world.settle(&**local.inner(), "theme");
    world.put("theme", b"new");
    told(&local, || {});
    assert_eq!(read(&local, "theme").expect("a read"), value(b"old"), "the shared cache knows nothing of it");
    world.clock.advance(TTL);
    assert_eq!(read(&local, "theme").expect("a read"), value(b"new"), "a minute and the time of the entry are over");
}

/// A feed that `live()` opens through the cache is no better.
#[test]
fn for_ever_is_a_minute_without_following_too() {
    let world = World::new();
    world.put("theme", b"old");
    let local = local(&world, LocalCacheBuilder::ttl_forever);
    world.settle(&**local.inner(), "theme");
    assert_eq!(read(&local, "theme").expect("a read"), value(b"old"));
    world.put("theme", b"new");
    local.inner().forget(&[&key("theme")]).expect("a cache that answers");
    world.clock.advance(MINUTE - Duration::from_secs(1));
    assert_eq!(read(&local, "theme").expect("a read"), value(b"old"));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(read(&local, "theme").expect("a read"), value(b"new"));
}

/// A time that was chosen is kept, where no feed is followed.
#[test]
fn a_time_that_was_chosen_is_kept() {
    let world = World::new();
    world.put("theme", b"old");
    let local = local(&world, |builder| builder.ttl(2 * MINUTE));
    read(&local, "theme").expect("a read");
    world.put("theme", b"new");
    local.inner().forget(&[&key("theme")]).expect("a cache that answers");
    world.clock.advance(2 * MINUTE - Duration::from_secs(1));
    assert_eq!(read(&local, "theme").expect("a read"), value(b"old"));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(read(&local, "theme").expect("a read"), value(b"new"));
}
