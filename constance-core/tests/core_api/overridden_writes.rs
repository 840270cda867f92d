//! A write of what an override shows another value of is refused with the reason, on every path.

use std::sync::Arc;

use constance_core::testing::ReferenceBackend;
use constance_core::{Config, ErrorKind, Result, Settings};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 1)]
    stock: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

fn shop() -> (Arc<ReferenceBackend>, Config<Shop>) {
    let store = Arc::new(ReferenceBackend::new());
    (Arc::clone(&store), Config::new(store))
}

fn refused<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.expect_err("an override is in force");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Overridden, Some("stock")));
    assert_eq!(
        error.to_string(),
        "cannot write setting \"stock\" to reference: an override is in force for it in this handle; end it, or write \
         through a handle without overrides"
    );
}

#[test]
fn every_way_to_write_is_refused_and_nothing_is_stored() {
    let (store, config) = shop();
    let test = config.overrides();
    let _guard = test.set(Shop::STOCK, 88).expect("accepted");
    let shown = test.config();
    assert_eq!(shown.get(Shop::STOCK).expect("reads"), 88);
    refused(shown.set(Shop::STOCK, 2));
    refused(shown.reset(Shop::STOCK));
    refused(shown.compare_and_set(Shop::STOCK, 88, 2));
    refused(shown.update(Shop::STOCK, |_| panic!("not with a value that is not stored")));
    refused(shown.set_text("stock", "2"));
    refused(shown.reset_name("stock"));
    refused(shown.change().set(Shop::SITE_NAME, "Shop".into()).set(Shop::STOCK, 2).apply());
    refused(shown.change().set(Shop::SITE_NAME, "Shop".into()).expect(Shop::STOCK, 88).apply());
    let within = shown.within(&store);
    assert_eq!(within.get(Shop::STOCK).expect("reads"), 88);
    refused(within.set(Shop::STOCK, 2));
    refused(within.reset(Shop::STOCK));
    refused(within.compare_and_set(Shop::STOCK, 88, 2));
    refused(within.update(Shop::STOCK, |_| panic!("not with a value that is not stored")));
    refused(within.set_text("stock", "2"));
    refused(within.reset_name("stock"));
    refused(within.change().expect(Shop::STOCK, 88).set(Shop::SITE_NAME, "Shop".into()).apply());
    refused(shown.overrides().set_text("stock", "2"));
    assert_eq!(store.stored(), 0);
}

#[test]
fn other_settings_other_handles_and_a_dropped_guard_write() {
    let (_, config) = shop();
    let test = config.overrides();
    let guard = test.set(Shop::STOCK, 88).expect("accepted");
    test.config().set(Shop::SITE_NAME, "Shop".into()).expect("not overridden");
    assert_eq!(config.update(Shop::STOCK, |n| n + 1).expect("no override in this handle"), 2);
    config.overrides().set_text("stock", "3").expect("none in that one either");
    drop(guard);
    assert_eq!(test.update(Shop::STOCK, |n| n + 1).expect("the override is over"), 4);
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn the_asynchronous_front_refuses_as_well() {
    use constance_core::aio::{AsyncConfig, Blocking};

    let (store, _) = shop();
    let config = AsyncConfig::<Shop>::new(Blocking::new(Arc::clone(&store)));
    let test = config.overrides();
    let _guard = test.set(Shop::STOCK, 88).expect("accepted");
    let shown = test.config();
    refused(shown.set(Shop::STOCK, 2).await);
    refused(shown.reset(Shop::STOCK).await);
    refused(shown.compare_and_set(Shop::STOCK, 88, 2).await);
    refused(shown.update(Shop::STOCK, |_| panic!("not with a value that is not stored")).await);
    refused(shown.set_text("stock", "2").await);
    refused(shown.reset_name("stock").await);
    refused(shown.change().expect(Shop::STOCK, 88).set(Shop::SITE_NAME, "Shop".into()).apply().await);
    refused(shown.within(&store).set(Shop::STOCK, 2));
    assert_eq!(store.stored(), 0);
    assert_eq!(config.update(Shop::STOCK, |n| n + 1).await.expect("no override in this handle"), 2);
}
