//! Base values and pins of a `Config` that the environment makes.

use constance_core::backend::Scheme;
use constance_core::{Registry, Result};

use super::*;

fn registry() -> Registry {
    Registry::new().with([Scheme::new("memory", |_| Ok(Arc::new(ReferenceBackend::new())))])
}

fn var(name: &str) -> Result<Option<String>> {
    let value = match name {
        "CONSTANCE_BACKEND" => "memory://",
        "CONSTANCE_BASE_LOW" => "2",
        "CONSTANCE_BASE_TITLE" => "by its old name",
        "CONSTANCE_BASE_MAIL__PORT" => "587",
        "CONSTANCE_BASE_PAGE_SIZES" => r#"{"small": 10}"#,
        "CONSTANCE_PIN_HIGH" => "20",
        _ => return Ok(None),
    };
    Ok(Some(value.to_owned()))
}

#[test]
fn the_variables_name_base_values_and_pins() {
    let config = Config::<Shop>::from_vars(&registry(), var).expect("builds");
    let shop = config.snapshot().expect("reads");
    assert_eq!((shop.low, shop.high, shop.mail.port), (2, 20, 587));
    assert_eq!(shop.site_name, "by its old name");
    assert_eq!(shop.page_sizes["small"], 10);
    assert_eq!(config.entry("high").expect("reads").source, Source::PinnedByEnv("CONSTANCE_PIN_HIGH".into()));
    assert_eq!(config.set(Shop::HIGH, 30).expect_err("pinned").kind(), ErrorKind::Pinned);
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn those_of_the_asynchronous_front_are_the_same() {
    let config = constance_core::aio::AsyncConfig::<Shop>::from_vars(&registry(), var).expect("builds");
    let shop = config.snapshot().await.expect("reads");
    assert_eq!((shop.low, shop.high, shop.mail.port), (2, 20, 587));
}
