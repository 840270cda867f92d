//! The same through `AsyncConfig`.
#![cfg(feature = "tokio")]

use constance_core::Result;
use constance_core::aio::{AsyncConfig, Blocking};

use super::*;

async fn agree(old: &Config<Old>, shop: &AsyncConfig<Shop>, value: &str, is_set: bool) -> Result<()> {
    assert_eq!(old.get(Old::TITLE)?, value);
    assert_eq!(shop.get(Shop::SITE_NAME).await?, value);
    assert_eq!(shop.snapshot().await?.site_name, value);
    assert_eq!(shop.is_set(Shop::SITE_NAME).await?, is_set);
    Ok(())
}

#[tokio::test]
async fn whoever_writes_or_resets_last_is_heard_by_both() -> Result<()> {
    let (store, old, _) = world();
    let shop = AsyncConfig::<Shop>::new(Blocking::new(Arc::clone(&store)));
    shop.set(Shop::SITE_NAME, "a".into()).await?;
    agree(&old, &shop, "a", true).await?;
    old.set(Old::TITLE, "b".into())?;
    agree(&old, &shop, "b", true).await?;
    let error = shop.compare_and_set(Shop::SITE_NAME, "a".into(), "c".into()).await.expect_err("b is there");
    assert_eq!(error.current::<String>().map(String::as_str), Some("b"));
    let mut first = true;
    let change = |was: String| {
        if std::mem::take(&mut first) {
            old.reset(Old::TITLE).expect("writes");
        }
        was + "!"
    };
    assert_eq!(shop.update(Shop::SITE_NAME, change).await?, "My Title!");
    agree(&old, &shop, "My Title!", true).await?;
    old.reset(Old::TITLE)?;
    agree(&old, &shop, "My Title", false).await?;
    assert_eq!(shop.verify().await?.len(), 1);
    assert_eq!(shop.sync_aliases().await?, ["site_name"]);
    assert!(shop.verify().await?.is_empty());
    shop.change().set(Shop::SITE_NAME, "d".into()).set(Shop::STOCK, 2).apply().await?;
    agree(&old, &shop, "d", true).await?;
    assert_eq!(shop.entry("title").await?.info.name, "site_name");
    shop.reset_name("title").await?;
    agree(&old, &shop, "My Title", false).await?;
    assert_eq!(store.stored(), 1, "the stock");
    Ok(())
}

#[tokio::test]
async fn live_follows_the_old_program() -> Result<()> {
    let (store, old, _) = world();
    let shop = AsyncConfig::<Shop>::new(Blocking::new(store));
    shop.set(Shop::SITE_NAME, "a".into()).await?;
    let live = shop.live_with(LiveOptions::new().poll_interval(Duration::from_millis(1))).await?;
    let mut settings = live.receiver();
    old.set(Old::TITLE, "b".into())?;
    settings.changed().await;
    assert_eq!(settings.load().site_name, "b");
    old.reset(Old::TITLE)?;
    settings.changed().await;
    assert_eq!(settings.load().site_name, "My Title");
    Ok(())
}

#[tokio::test]
async fn where_no_batch_can_be_of_both_names_they_are_written_in_turn() -> Result<()> {
    let (store, old, _) = world();
    let shop = AsyncConfig::<Shop>::new(Blocking::new(apart::Apart::over(Arc::clone(&store))));
    shop.set(Shop::SITE_NAME, "a".into()).await?;
    assert_eq!(stored(&store), [marked("a"), Stored::Value(text("a"))]);
    old.set(Old::TITLE, "b".into())?;
    shop.compare_and_set(Shop::SITE_NAME, "b".into(), "c".into()).await?;
    agree(&old, &shop, "c", true).await?;
    assert_eq!(shop.verify().await?.len(), 1);
    shop.reset(Shop::SITE_NAME).await?;
    agree(&old, &shop, "My Title", false).await
}
