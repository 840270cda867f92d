//! The same with an asynchronous front.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use constance_core::aio::{AsyncConfig, Blocking};

use super::*;

#[tokio::test]
async fn an_asynchronous_front_has_a_blocking_one_inside_a_transaction() {
    let world = World::new();
    let backend = Blocking::new(world.remembering());
    let config = AsyncConfig::<Shop>::builder(backend).prefix(world.prefix.clone()).build_typed().expect("builds");
    let (sender, seen) = channel();
    config.subscribe(move |event| sender.send(event.name()).expect("listened to")).forever();
    assert_eq!(config.get(Shop::LOW).await.expect("reads"), 1, "and is remembered");
    let (within, transaction) = (config.clone(), Arc::clone(&world.transaction));
    let inside = tokio::task::spawn_blocking(move || {
        let settings = within.within(&transaction);
        settings.set(Shop::LOW, 5).map(|()| settings.into_changes())
    });
    let written = inside.await.expect("no panic").expect("writes");
    world.commit();
    assert_eq!(config.get(Shop::LOW).await.expect("reads"), 1);
    assert_eq!(seen.try_iter().count(), 0);
    config.committed(written).await.expect("catches up");
    assert_eq!(config.get(Shop::LOW).await.expect("reads"), 5);
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), ["low"]);
}

#[tokio::test]
async fn a_dropped_future_leaves_it_to_live_to_catch_up() {
    let world = World::new();
    let store = Arc::new(FaultyBackend::new(Arc::clone(&world.committed)));
    let backend = Blocking::new(Arc::clone(&store));
    let config = AsyncConfig::<Shop>::builder(backend).prefix(world.prefix.clone()).build().expect("builds");
    let hours = std::time::Duration::from_secs(36_000);
    let options = LiveOptions::new().poll_interval(hours).reread_interval(hours);
    let live = config.live_with(options).await.expect("loads");
    let settings = config.within(&*world.transaction);
    settings.set(Shop::LOW, 5).expect("writes");
    let written = settings.into_changes();
    world.commit();
    let gate = store.hold_reads();
    {
        let mut committed = pin!(config.committed(written));
        let mut context = Context::from_waker(Waker::noop());
        assert!(committed.as_mut().poll(&mut context).is_pending(), "the store is asked, and does not answer");
    }
    gate.open();
    tokio::task::spawn_blocking(move || {
        while live.load().low != 5 {
            assert!(live.wait_for_change(std::time::Duration::from_secs(600)), "it never caught up");
        }
    })
    .await
    .expect("no panic");
}
