//! Reading and writing through `AsyncConfig`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use constance_core::aio::{AsyncBackend, AsyncConfig, Blocking, BoxFuture};
use constance_core::testing::{Method, ReferenceBackend};
use constance_core::{
    Backend, Codec, Config, Error, ErrorKind, Kind, MessagePack, Prefix, Result, SettingType, Settings,
    backend::{Applied, Batch, Capability, Encoded, Key, Stored},
};

use super::{Bounds, Shop, key, over, shop};

#[tokio::test]
async fn the_default_is_in_force_until_a_value_is_stored_and_a_read_writes_nothing() -> Result<()> {
    let (backend, config) = shop();
    assert_eq!(config.get(Shop::THE_ANSWER).await?, 42);
    assert_eq!(config.snapshot().await?, Shop::defaults());
    assert!(!config.is_set(Shop::THE_ANSWER).await?);
    assert_eq!(backend.inner().stored(), 0, "promise 1: a read never writes");
    config.set(Shop::THE_ANSWER, 42).await?;
    assert!(config.is_set(Shop::THE_ANSWER).await?, "the default can be stored too");
    config.reset(Shop::THE_ANSWER).await?;
    assert!(!config.is_set(Shop::THE_ANSWER).await?);
    Ok(())
}

#[tokio::test]
async fn it_makes_the_round_trips_that_it_says() -> Result<()> {
    let (backend, config) = shop();
    let calls = |method| backend.calls(method);
    config.set(Shop::THE_ANSWER, 43).await?;
    assert_eq!((calls(Method::Read), calls(Method::Write)), (0, 1));
    backend.reset_calls();
    assert_eq!(config.snapshot().await?.the_answer, 43);
    assert_eq!(backend.store_calls(), 1);
    backend.reset_calls();
    config.compare_and_set(Shop::THE_ANSWER, 43, 44).await?;
    assert_eq!((calls(Method::Read), calls(Method::Write)), (1, 1));
    backend.reset_calls();
    config.change().apply().await?;
    assert_eq!(backend.store_calls(), 0, "no changes: no I/O");
    Ok(())
}

#[tokio::test]
async fn both_fronts_share_a_store() -> Result<()> {
    let (backend, config) = shop();
    let sync = Config::<Shop>::new(Arc::clone(&backend));
    config.set(Shop::THE_ANSWER, 43).await?;
    assert_eq!(sync.get(Shop::THE_ANSWER)?, 43);
    sync.set(Shop::SITE_NAME, "Shop".into())?;
    assert_eq!(config.snapshot().await?, sync.snapshot()?);
    Ok(())
}

#[tokio::test]
async fn an_outage_is_an_error_and_never_a_default() -> Result<()> {
    let (backend, config) = shop();
    config.set(Shop::THE_ANSWER, 43).await?;
    backend.fail_all(ErrorKind::Unavailable);
    let error = config.get(Shop::THE_ANSWER).await.expect_err("an outage");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.to_string(), "cannot read setting \"the_answer\" from reference: the test made this call fail");
    assert!(config.set(Shop::THE_ANSWER, 44).await.is_err());
    assert!(config.update(Shop::THE_ANSWER, |n| n + 1).await.is_err());
    assert!(config.snapshot().await.is_err() && config.list().await.is_err() && config.stale_keys().await.is_err());
    assert!(config.verify().await.is_err() && config.migrate().await.is_err());
    backend.heal();
    assert_eq!(config.get(Shop::THE_ANSWER).await?, 43);
    config.migrate().await?;
    assert!(config.verify().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_refused_value_is_not_stored() -> Result<()> {
    let (backend, config) = shop();
    let error = config.set(Shop::THE_ANSWER, -77).await.expect_err("refused");
    assert_eq!(error.to_string(), "setting \"the_answer\": must be at least 0; accepted is a whole number, at least 0");
    let both = config.change().set(Shop::THE_ANSWER, -1).set(Shop::SITE_NAME, "x".into()).apply().await;
    assert_eq!(both.expect_err("refused").setting(), Some("the_answer"));
    assert_eq!(backend.inner().stored(), 0, "nothing of a refused change set is stored");
    Ok(())
}

#[tokio::test]
async fn one_unreadable_value_does_not_hide_the_others_and_can_be_repaired() -> Result<()> {
    let (backend, config) = shop();
    backend.inner().put(&key(&config, "the_answer"), Stored::Value(Encoded::from(&b"rubbish"[..])));
    backend.inner().put(&key(&config, "site_name"), Stored::Foreign("a list"));
    let all = config.read_all().await?;
    assert_eq!(all.values, Shop::defaults());
    let names: Vec<_> = all.unreadable.iter().filter_map(|e| e.setting()).collect();
    assert_eq!(names, ["the_answer", "site_name"]);
    assert_eq!(config.snapshot().await.expect_err("strict").each().count(), 2);
    let list = config.list().await?;
    assert_eq!(list.iter().map(|entry| entry.text.is_ok()).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(config.get(Shop::SITE_NAME).await.expect_err("foreign").kind(), ErrorKind::Decode);
    config.set(Shop::THE_ANSWER, 1).await?;
    config.reset(Shop::SITE_NAME).await?;
    assert_eq!(config.snapshot().await?.the_answer, 1);
    Ok(())
}

#[tokio::test]
async fn an_old_name_is_read_until_the_new_one_is_stored_and_reset_removes_both() -> Result<()> {
    let (backend, config) = shop();
    let old = MessagePack.encode(&Kind::Text, "Old")?;
    backend.inner().put(&key(&config, "title"), Stored::Value(old));
    assert_eq!(config.get(Shop::SITE_NAME).await?, "Old");
    config.compare_and_set(Shop::SITE_NAME, "Old".into(), "New".into()).await?;
    assert_eq!(config.get(Shop::SITE_NAME).await?, "New");
    config.reset(Shop::SITE_NAME).await?;
    assert_eq!(config.get(Shop::SITE_NAME).await?, "My Title");
    Ok(())
}

#[tokio::test]
async fn the_loser_of_a_compare_and_set_is_told_the_current_value() -> Result<()> {
    let (_, config) = shop();
    config.compare_and_set(Shop::THE_ANSWER, 42, 43).await?;
    let error = config.compare_and_set(Shop::THE_ANSWER, 42, 44).await.expect_err("a conflict");
    assert_eq!((error.kind(), error.current::<i64>()), (ErrorKind::Conflict, Some(&43)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_by_many_tasks_lose_nothing() -> Result<()> {
    let (_, config) = shop();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let config = config.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    config.update(Shop::THE_ANSWER, |n| n + 1).await.expect("updates");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    assert_eq!(config.get(Shop::THE_ANSWER).await?, 42 + 80);
    Ok(())
}

#[tokio::test]
async fn the_rule_across_settings_is_held_on_every_path() -> Result<()> {
    let (_, config) = over::<Bounds>(ReferenceBackend::new());
    assert_eq!(config.set(Bounds::LOW, 10).await.expect_err("refused").kind(), ErrorKind::Invalid);
    assert_eq!(config.set_text("low", "10").await.expect_err("refused").kind(), ErrorKind::Invalid);
    assert!(config.update(Bounds::LOW, |n| n + 100).await.is_err());
    config.change().set(Bounds::LOW, 10).set(Bounds::HIGH, 20).apply().await?;
    assert!(config.reset(Bounds::HIGH).await.is_err(), "the default of the one is too low for the other");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rule_across_settings_holds_against_another_writer() -> Result<()> {
    let (backend, config) = over::<Bounds>(ReferenceBackend::new());
    let gate = backend.hold_writes();
    let raising = tokio::spawn({
        let config = config.clone();
        async move { config.set(Bounds::LOW, 9).await }
    });
    let backend_ = Arc::clone(&backend);
    let arrived = tokio::task::spawn_blocking(move || {
        gate.wait_for(1);
        // Past the gate: the other writer makes the first one's look at the rule outdated.
        let high = MessagePack.encode(&<i64 as SettingType>::KIND, &5_i64).expect("encodes");
        let key = backend_.inner().default_prefix().key("high").expect("a valid name");
        backend_.inner().put(&key, Stored::Value(high));
        gate.open();
    });
    arrived.await.expect("no panic");
    let error = raising.await.expect("no panic").expect_err("low 9 is not below high 5");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    Ok(())
}

#[tokio::test]
async fn settings_are_reached_by_name_and_text() -> Result<()> {
    let (_, config) = shop();
    config.set_text("the_answer", "43").await?;
    assert_eq!(config.get_text("the_answer").await?, "43");
    assert!(config.entry("the_answer").await?.is_set);
    assert_eq!(
        config.set_text("the_anwser", "43").await.expect_err("unknown").to_string(),
        "setting \"the_anwser\": there is no such setting; did you mean \"the_answer\"?"
    );
    config.reset_name("the_answer").await?;
    assert_eq!(config.get_text("the_answer").await?, "42");
    config.change().set_text("the_answer", "7")?.reset_name("site_name")?.apply().await?;
    assert_eq!(config.get(Shop::THE_ANSWER).await?, 7);
    Ok(())
}

#[tokio::test]
async fn stale_keys_are_found_and_removed() -> Result<()> {
    let (backend, config) = shop();
    for name in ["old_b", "old_a", "the_answer"] {
        backend.inner().put(&key(&config, name), Stored::Value(Encoded::from(&b"x"[..])));
    }
    assert_eq!(config.stale_keys().await?, ["old_a", "old_b"]);
    assert_eq!(config.remove_stale_keys(["old_b", "gone_already", "old_a"]).await?, ["old_a", "old_b"]);
    let refused = config.remove_stale_keys(["the_answer"]).await.expect_err("this program declares it");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(config.stale_keys().await?.is_empty());
    assert_eq!(backend.inner().stored(), 1);
    assert!(config.remove_stale_keys(config.stale_keys().await?).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_override_is_seen_by_its_own_handle_only() -> Result<()> {
    let (_, config) = shop();
    let test = config.overrides();
    let seven = test.set(Shop::THE_ANSWER, 7)?;
    assert!(test.set(Shop::THE_ANSWER, -7).is_err(), "a rule holds for an override too");
    assert_eq!(test.get(Shop::THE_ANSWER).await?, 7);
    assert_eq!(test.get_text("the_answer").await?, "7");
    assert_eq!(test.config().clone().snapshot().await?.the_answer, 7);
    assert_eq!(config.get(Shop::THE_ANSWER).await?, 42);
    drop(seven);
    assert_eq!(test.get(Shop::THE_ANSWER).await?, 42);
    Ok(())
}

#[test]
fn without_a_runtime_a_call_is_an_error_and_nothing_hangs() {
    let (_, config) = shop();
    let mut get = Box::pin(config.get(Shop::THE_ANSWER));
    let mut live = Box::pin(config.live());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(got) = get.as_mut().poll(&mut context) else { panic!("nothing to wait for") };
    assert_eq!(got.expect_err("no runtime").kind(), ErrorKind::Configuration);
    let std::task::Poll::Ready(got) = live.as_mut().poll(&mut context) else { panic!("nothing to wait for") };
    assert_eq!(got.expect_err("no runtime").kind(), ErrorKind::Configuration);
}

#[test]
fn futures_can_be_sent_and_debug_shows_no_value() {
    fn is_send<T: Send>(_: &T) {}
    let (_, config) = shop();
    is_send(&config.get(Shop::SITE_NAME));
    is_send(&config.set(Shop::SITE_NAME, "hunter2".into()));
    is_send(&config.update(Shop::SITE_NAME, |name| name));
    is_send(&config.live());
    let changes = config.change().set(Shop::SITE_NAME, "hunter2".into());
    let shown = format!("{config:?} {changes:?} {:?} {:?}", config.overrides(), config.backend());
    is_send(&changes.apply());
    assert!(shown.contains("site_name") && shown.contains("reference") && !shown.contains("hunter2"), "{shown}");
}

/// A backend by reference, which holds every value for a look.
#[derive(Debug, Default)]
struct Held {
    inside: ReferenceBackend,
    reads: AtomicUsize,
}

impl AsyncBackend for &Held {
    fn name(&self) -> &str {
        "held"
    }

    fn capability(&self) -> Capability {
        Capability::new()
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { self.inside.read(keys) })
    }

    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        Box::pin(async { self.inside.list(prefix) })
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        Box::pin(async { self.inside.write(batch) })
    }

    fn peek(&self, key: &Key) -> Option<Stored> {
        Some(self.inside.peek(key))
    }
}

#[tokio::test]
async fn a_cache_hit_asks_nobody() -> Result<()> {
    let held = Held::default();
    let config = AsyncConfig::<Shop>::builder(&held).build_typed()?;
    assert_eq!(config.get(Shop::THE_ANSWER).await?, 42);
    config.set(Shop::THE_ANSWER, 43).await?;
    assert_eq!(config.get(Shop::THE_ANSWER).await?, 43);
    assert_eq!(held.reads.load(Ordering::Relaxed), 0);
    assert_eq!(config.get(Shop::SITE_NAME).await?, "My Title", "a setting with old names is read");
    assert_eq!(held.reads.load(Ordering::Relaxed), 1);
    held.inside.put(&config.prefix().key("the_answer")?, Stored::Foreign("a list"));
    let error: Error = config.get(Shop::THE_ANSWER).await.expect_err("foreign");
    assert!(error.to_string().starts_with("cannot read setting \"the_answer\" from held: "), "{error}");
    Ok(())
}

#[test]
fn a_key_that_is_too_long_is_found_when_the_config_is_built() -> Result<()> {
    let prefix = Prefix::new(&format!("{}:", "p".repeat(250)))?;
    let built = AsyncConfig::<Shop>::builder(Blocking::new(ReferenceBackend::new())).prefix(prefix).build();
    assert_eq!(built.expect_err("too long").kind(), ErrorKind::Configuration);
    Ok(())
}
