//! The same with the asynchronous front.

use std::sync::Arc;

use constance_core::aio::{AsyncConfig, Blocking};
use constance_core::testing::Method;
use constance_core::{ErrorKind, LiveOptions, Result, Settings};

use super::{BROKEN, Old, Shop, store};

#[tokio::test]
async fn reads_and_writes_hold_the_rules() -> Result<()> {
    let (store, _, old) = store();
    let config = AsyncConfig::<Shop>::new(Blocking::new(Arc::clone(&store)));
    old.change().set(Old::MIN, 50).set(Old::SITE_NAME, "Shop".into()).apply()?;
    assert_eq!(config.snapshot().await.expect_err("broken").to_string(), BROKEN);
    assert_eq!(config.verify().await.expect_err("broken").to_string(), BROKEN);
    assert_eq!(config.read_all().await?.values, Shop { site_name: "Shop".into(), ..Shop::defaults() });
    assert_eq!(config.list().await?.iter().filter(|entry| entry.broken_rule.is_some()).count(), 2);
    assert_eq!(config.get(Shop::MIN).await?, 50);
    assert_eq!(config.live().await.expect_err("broken").to_string(), BROKEN);
    let live = config.live_with(LiveOptions::new().default_if_unreadable()).await?;
    assert_eq!(live.load().min, 1);

    assert_eq!(config.set(Shop::MAX, 40).await.expect_err("below 50").kind(), ErrorKind::Invalid);
    store.reset_calls();
    config.set(Shop::SITE_NAME, "Mine".into()).await?;
    assert_eq!(store.calls(Method::Write), 1);
    config.change().set(Shop::MIN, 20).set(Shop::MAX, 40).apply().await?;
    assert_eq!(*live.load(), Shop { min: 20, max: 40, step: 2, site_name: "Mine".into() });
    assert_eq!(config.snapshot().await?, *live.load());
    Ok(())
}
