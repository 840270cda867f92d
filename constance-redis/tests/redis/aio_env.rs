//! Asynchronous settings by environment.

use constance_core::aio::AsyncConfig;
use constance_core::{Config, Registry, Result, Settings};

use crate::common::Server;

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

fn shown(url: &str) -> Result<String> {
    let registry = Registry::new().with(constance_redis::schemes());
    Ok(format!("{:?}", registry.open_async(url)?))
}

#[test]
fn one_server_has_the_asynchronous_backend_and_the_others_blocking_threads() -> Result<()> {
    for url in ["redis://127.0.0.1:1/0", "valkey://127.0.0.1:1", "redis+unix:///run/redis.sock"] {
        assert!(shown(url)?.starts_with("AsyncRedisBackend"), "{url}");
    }
    #[cfg(all(feature = "tls-rustls", not(feature = "tls-native-tls")))]
    assert!(shown("rediss://127.0.0.1:1/0")?.starts_with("AsyncRedisBackend"));
    #[cfg(feature = "cluster")]
    assert!(shown("redis+cluster://127.0.0.1:1")?.starts_with("Blocking("));
    #[cfg(feature = "sentinel")]
    assert!(shown("redis+sentinel://127.0.0.1:1/master/0")?.starts_with("Blocking("));
    assert_eq!(
        shown("redis://user:hunter2@127.0.0.1:1/0?nonsense=1").expect_err("refused").to_string(),
        Registry::new()
            .with(constance_redis::schemes())
            .open("redis://user:hunter2@127.0.0.1:1/0?nonsense=1")
            .expect_err("refused")
            .to_string(),
    );
    Ok(())
}

#[tokio::test]
async fn both_fronts_by_the_same_variables_share_the_settings() -> Result<()> {
    let Some(server) = Server::start() else { return Ok(()) };
    let registry = Registry::new().with(constance_redis::schemes());
    let var = |name: &str| {
        Ok(match name {
            "CONSTANCE_BACKEND" => Some(server.url()),
            "CONSTANCE_PREFIX" => Some("shop:".to_owned()),
            _ => None,
        })
    };
    let tasks = AsyncConfig::<Shop>::from_vars(&registry, var)?;
    tasks.set(Shop::THE_ANSWER, 43).await?;
    let sync = tokio::task::spawn_blocking({
        let config = Config::<Shop>::from_vars(&registry, var)?;
        move || config.get(Shop::THE_ANSWER)
    });
    assert_eq!(sync.await.expect("no panic")?, 43);
    Ok(())
}
