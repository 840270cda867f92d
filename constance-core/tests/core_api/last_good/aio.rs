//! The same over an asynchronous backend.

use std::sync::Arc;
use std::time::Duration;

use constance_core::aio::{AsyncConfig, Blocking};
use constance_core::{ErrorKind, Result};

use super::{Shop, World};

#[tokio::test]
async fn it_has_what_it_had_and_writes_it() -> Result<()> {
    let world = World::new();
    let config = || AsyncConfig::<Shop>::new(Blocking::new(Arc::clone(&world.store)));
    let first = config();
    first.set(Shop::THE_ANSWER, 7).await?;
    let live = first.live_with(world.options()).await?;
    world.until_the_file_has(&live, &Shop { the_answer: 7, ..live.load().clone() });
    drop(live);
    world.clock.advance(Duration::from_secs(60));
    world.outage();
    assert_eq!(config().live().await.expect_err("an outage").kind(), ErrorKind::Unavailable);
    let live = config().live_with(world.options()).await?;
    let status = live.status();
    assert_eq!((live.load().the_answer, status.age, status.from_last_good), (7, Some(Duration::from_secs(60)), true));
    let mut settings = live.receiver();
    world.other().set(Shop::THE_ANSWER, 8)?;
    world.store.heal();
    settings.changed().await;
    assert_eq!(settings.load().the_answer, 8);
    Ok(())
}
