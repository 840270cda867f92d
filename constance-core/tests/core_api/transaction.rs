//! Settings inside a transaction of the application's: nobody hears of them before it says that it committed.

#[cfg(feature = "tokio")]
mod asynchronous;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
use constance_core::{
    Backend, Config, ErrorKind, Live, LiveOptions, Prefix, Result, Settings, Subscription,
    backend::{Applied, Batch, Capability, Encoded, Key, Stored},
};

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate = low_below_high)]
struct Shop {
    #[setting(default = 1, min = 0)]
    low: i64,
    #[setting(default = 10, alias = "top")]
    high: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

fn low_below_high(shop: &Shop) -> std::result::Result<(), &'static str> {
    if shop.low < shop.high { Ok(()) } else { Err("low must be below high") }
}

/// A store, one transaction on it that sees its own writes, and a cache that only forgets when it is told to.
#[derive(Debug)]
struct World {
    committed: Arc<ReferenceBackend>,
    transaction: Arc<ReferenceBackend>,
    prefix: Prefix,
}

/// Remembers every answer until it is told to forget.
#[derive(Debug)]
struct Remembering {
    store: FaultyBackend<Arc<ReferenceBackend>>,
    answers: Mutex<Vec<(Key, Stored)>>,
    forgets: Mutex<Vec<String>>,
    cannot_forget: bool,
}

impl Backend for Remembering {
    fn name(&self) -> &str {
        "remembering"
    }

    fn capability(&self) -> Capability {
        Capability::new()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        let mut found = self.store.read(keys)?;
        let mut answers = self.answers.lock().expect("no panic");
        for (key, found) in keys.iter().zip(&mut found) {
            match answers.iter().find(|(known, _)| known == *key) {
                Some((_, remembered)) => *found = remembered.clone(),
                None => answers.push(((*key).clone(), found.clone())),
            }
        }
        Ok(found)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.store.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let applied = self.store.write(batch);
        self.forget(&batch.changes().iter().map(|change| &change.key).collect::<Vec<_>>())?;
        applied
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        if self.cannot_forget {
            return Err(constance_core::Error::new(ErrorKind::Unavailable).with_detail("the cache is gone"));
        }
        self.forgets.lock().expect("no panic").extend(keys.iter().map(|key| key.name().to_owned()));
        self.answers.lock().expect("no panic").retain(|(known, _)| !keys.contains(&known));
        Ok(())
    }
}

impl World {
    fn new() -> Self {
        let prefix = Prefix::new("shop:").expect("a prefix");
        // Without a feed nobody learns of a commit by himself.
        Self { committed: Arc::new(ReferenceBackend::new().without_watch()), transaction: Arc::default(), prefix }
    }

    fn remembering(&self) -> Remembering {
        Remembering {
            store: FaultyBackend::new(Arc::clone(&self.committed)),
            answers: Mutex::default(),
            forgets: Mutex::default(),
            cannot_forget: false,
        }
    }

    fn config<B: Backend>(&self, backend: B) -> Config<Shop, constance_core::MessagePack, B> {
        Config::builder(backend).prefix(self.prefix.clone()).build_typed().expect("builds")
    }

    /// What was written in the transaction is now stored for everybody.
    fn commit(&self) {
        for (key, stored) in self.transaction.list(&self.prefix).expect("lists") {
            self.committed.put(&key, stored);
        }
    }
}

type Seen = (&'static str, Option<i64>, Option<i64>);

fn listen<B: Backend>(config: &Config<Shop, constance_core::MessagePack, B>) -> (Subscription, Receiver<Seen>) {
    let (sender, receiver) = channel();
    let subscription = config.subscribe(move |event| {
        let setting = if event.is_of(Shop::LOW) { Shop::LOW } else { Shop::HIGH };
        sender
            .send((event.name(), event.old(setting).copied(), event.new_value(setting).copied()))
            .expect("listened to");
    });
    (subscription, receiver)
}

fn all(seen: &Receiver<Seen>) -> Vec<Seen> {
    seen.try_iter().collect()
}

/// A `live()` that reads when it is told to, and not by itself.
fn live<B: Backend + 'static>(config: &Config<Shop, constance_core::MessagePack, B>) -> Live<Shop> {
    let hours = std::time::Duration::from_secs(36_000);
    config.live_with(LiveOptions::new().poll_interval(hours).reread_interval(hours)).expect("loads")
}

#[test]
fn nobody_hears_of_a_write_before_the_commit() {
    let world = World::new();
    let config = world.config(world.remembering());
    let live = live(&config);
    let (_subscription, seen) = listen(&config);
    assert_eq!(config.get(Shop::LOW).expect("reads"), 1, "and is remembered");

    let settings = config.within(&world.transaction);
    settings.set(Shop::LOW, 5).expect("writes");
    settings.set_text("high", "50").expect("writes");
    settings.reset_name("site_name").expect("writes");
    assert_eq!((settings.get(Shop::LOW).expect("reads"), settings.get_text("high").expect("reads")), (5, "50".into()));
    assert_eq!(settings.snapshot().expect("reads"), Shop { low: 5, high: 50, site_name: "My Title".into() });
    assert_eq!(config.get(Shop::LOW).expect("reads"), 1);
    assert_eq!((live.load().low, all(&seen)), (1, vec![]));
    let written = settings.into_changes();

    world.commit();
    assert_eq!((config.get(Shop::LOW).expect("reads"), live.load().low, all(&seen)), (1, 1, vec![]), "not yet");
    config.committed(written).expect("catches up");
    assert_eq!(config.get(Shop::LOW).expect("reads"), 5);
    assert_eq!((live.load().low, live.load().high), (5, 50), "when `committed` returns");
    assert_eq!(all(&seen), [("low", Some(1), Some(5)), ("high", Some(10), Some(50))]);
    let mut forgotten = config.backend().forgets.lock().expect("no panic").clone();
    forgotten.sort();
    assert_eq!(forgotten, ["high", "low", "site_name", "top"], "old names too");
}

#[test]
fn a_rollback_tells_nobody() {
    let world = World::new();
    let config = world.config(world.remembering());
    let live = live(&config);
    let (_subscription, seen) = listen(&config);
    let settings = config.within(&world.transaction);
    settings.set(Shop::LOW, 5).expect("writes");
    drop(settings);
    let settings = config.within(&world.transaction);
    settings.set(Shop::LOW, 6).expect("writes");
    drop(settings.into_changes());
    assert_eq!((config.get(Shop::LOW).expect("reads"), live.load().low, all(&seen)), (1, 1, vec![]));
    assert!(config.backend().forgets.lock().expect("no panic").is_empty());
}

#[test]
fn nothing_written_is_nothing_to_catch_up_with() {
    let world = World::new();
    let config = world.config(world.remembering());
    let settings = config.within(&world.transaction);
    settings.get(Shop::LOW).expect("reads");
    settings.change().apply().expect("nothing to do");
    settings.set(Shop::LOW, -1).expect_err("against its own rule");
    settings.set(Shop::LOW, 11).expect_err("against the rule across settings");
    let written = settings.into_changes();
    config.backend().store.reset_calls();
    config.committed(written).expect("nothing to do");
    assert_eq!(config.backend().store.store_calls(), 0);
}

#[test]
fn without_a_live_handlers_hear_what_the_transaction_made_of_a_setting() {
    let world = World::new();
    let config = world.config(Arc::clone(&world.committed));
    let (_subscription, seen) = listen(&config);
    let settings = config.within(&world.transaction);
    settings.set(Shop::LOW, 5).expect("writes");
    settings.set(Shop::LOW, 6).expect("writes");
    assert_eq!(settings.update(Shop::LOW, |n| n + 1).expect("writes"), 7);
    settings.set(Shop::HIGH, 20).expect("writes");
    settings.reset(Shop::HIGH).expect("writes");
    let written = settings.into_changes();
    world.commit();
    config.committed(written).expect("catches up");
    assert_eq!(all(&seen), [("low", Some(1), Some(7))], "one for each setting that is another in the end");
}

#[test]
fn every_way_to_write_is_there_and_holds_the_rules() {
    let world = World::new();
    let config = world.config(Arc::clone(&world.committed));
    let settings = config.within(&world.transaction);
    settings.compare_and_set(Shop::LOW, 1, 2).expect("writes");
    let error = settings.compare_and_set(Shop::LOW, 1, 3).expect_err("it is 2 by now");
    assert_eq!((error.kind(), error.current::<i64>()), (ErrorKind::Conflict, Some(&2)));
    let error = settings.set(Shop::LOW, 10).expect_err("not below high");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    settings.change().set(Shop::LOW, 20).set(Shop::HIGH, 30).apply().expect("right together");
    let error = settings.change().expect(Shop::HIGH, 10).set(Shop::LOW, 3).apply().expect_err("it is 30 by now");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(settings.read_all().expect("reads").values.low, 20);
    assert_eq!(config.get(Shop::LOW).expect("reads"), 1);
    settings.reset(Shop::LOW).expect("writes");
    assert_eq!(settings.get(Shop::LOW).expect("reads"), 1);
    assert!(!format!("{settings:?} {:?}", settings.change().set(Shop::LOW, 77)).contains("77"));
    assert!(!format!("{:?}", settings.into_changes()).contains("30"));
}

#[test]
fn parts_of_one_transaction_add_up() {
    let world = World::new();
    let config = world.config(Arc::clone(&world.committed));
    let (_subscription, seen) = listen(&config);
    let write = |value| {
        let settings = config.within(&world.transaction);
        settings.set(Shop::LOW, value).expect("writes");
        settings.into_changes()
    };
    let written = write(2).and(write(3)).and(write(4));
    world.commit();
    config.committed(written).expect("catches up");
    assert_eq!(all(&seen), [("low", Some(1), Some(4))]);
}

#[test]
fn several_configs_over_one_store_each_catch_up() {
    let world = World::new();
    let (one, other) = (world.config(world.remembering()), world.config(world.remembering()));
    for config in [&one, &other] {
        assert_eq!(config.get(Shop::LOW).expect("reads"), 1);
    }
    let settings = one.within(&world.transaction);
    settings.set(Shop::LOW, 5).expect("writes");
    let written = settings.into_changes();
    world.commit();
    one.committed(written.clone()).expect("catches up");
    assert_eq!((one.get(Shop::LOW).expect("reads"), other.get(Shop::LOW).expect("reads")), (5, 1));
    other.committed(written).expect("catches up");
    assert_eq!(other.get(Shop::LOW).expect("reads"), 5);
}

/// Between the commit and the word of it somebody else wrote: what the store says counts.
#[test]
fn a_later_write_is_not_put_back() {
    let world = World::new();
    let config = world.config(Arc::clone(&world.committed));
    let live = live(&config);
    let (_subscription, seen) = listen(&config);
    let settings = config.within(&world.transaction);
    settings.set(Shop::LOW, 5).expect("writes");
    let written = settings.into_changes();
    world.commit();
    config.set(Shop::LOW, 6).expect("writes");
    config.committed(written).expect("catches up");
    assert_eq!((live.load().low, config.get(Shop::LOW).expect("reads")), (6, 6));
    assert_eq!(all(&seen), [("low", Some(1), Some(6))], "two changes, of which the store kept the last");
}

#[test]
fn an_outage_after_the_commit_is_an_error_and_live_catches_up_by_itself() {
    let world = World::new();
    let config = world.config(world.remembering());
    let live = live(&config);
    let settings = config.within(&world.transaction);
    settings.set(Shop::LOW, 5).expect("writes");
    let written = settings.into_changes();
    world.commit();
    config.backend().store.fail_method(Method::Read, ErrorKind::Unavailable);
    let error = config.committed(written).expect_err("the store cannot be asked");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    config.backend().store.heal();
    while live.load().low != 5 {
        assert!(live.wait_for_change(std::time::Duration::from_secs(600)), "it never caught up");
    }
}

#[test]
fn a_cache_that_cannot_forget_is_an_error_and_handlers_hear_nevertheless() {
    let world = World::new();
    let config = world.config(Remembering { cannot_forget: true, ..world.remembering() });
    let (_subscription, seen) = listen(&config);
    let settings = config.within(&world.transaction);
    settings.set(Shop::LOW, 5).expect("writes");
    let written = settings.into_changes();
    world.commit();
    let error = config.committed(written).expect_err("the cache is gone");
    assert!(error.to_string().contains("the cache is gone"), "{error}");
    assert_eq!(all(&seen), [("low", Some(1), Some(5))]);
}

#[test]
fn a_write_that_failed_is_looked_up_after_the_commit() {
    let world = World::new();
    let config = world.config(world.remembering());
    assert_eq!(config.get(Shop::LOW).expect("reads"), 1, "and is remembered");
    let (_subscription, seen) = listen(&config);
    let transaction = FaultyBackend::new(Arc::clone(&world.transaction));
    let settings = config.within(&transaction);
    transaction.fail_method(Method::Read, ErrorKind::Unavailable);
    settings.set(Shop::HIGH, 5).expect_err("a read for the rule fails");
    transaction.heal();
    transaction.lose_replies(ErrorKind::Timeout);
    settings.set(Shop::LOW, 5).expect_err("it is not known whether it was written");
    transaction.heal();
    let written = settings.into_changes();
    assert_eq!(format!("{written:?}"), "TransactionChanges { settings: 1 }", "nothing was sent of the other");
    world.commit();
    config.committed(written).expect("catches up");
    assert_eq!(config.get(Shop::LOW).expect("reads"), 5, "the cache has forgotten");
    assert_eq!(all(&seen), [], "what it was before nobody knows");
}

#[test]
fn overrides_of_the_handle_are_seen() {
    let world = World::new();
    let test = world.config(Arc::clone(&world.committed)).overrides();
    let _seven = test.set(Shop::LOW, 7).expect("overrides");
    let settings = test.config().within(&world.transaction);
    assert_eq!(settings.get(Shop::LOW).expect("reads"), 7);
    assert_eq!(settings.get_text("low").expect("reads"), "7");
    assert_eq!(settings.snapshot().expect("reads").low, 7);
    assert_eq!(settings.set(Shop::LOW, 2).expect_err("it shows 7").kind(), ErrorKind::Overridden);
}

#[test]
fn what_is_unreadable_in_the_transaction_is_so_for_handlers() {
    let world = World::new();
    let config = world.config(Arc::clone(&world.committed));
    let key = world.prefix.key("low").expect("a key");
    world.transaction.put(&key, Stored::Value(Encoded::from(b"rubbish".to_vec())));
    let (_subscription, seen) = listen(&config);
    let settings = config.within(&world.transaction);
    assert_eq!(settings.get(Shop::LOW).expect_err("rubbish").kind(), ErrorKind::Decode);
    settings.set(Shop::LOW, 5).expect("repairs");
    let written = settings.into_changes();
    world.commit();
    config.committed(written).expect("catches up");
    assert_eq!(all(&seen), [("low", None, Some(5))]);
}
