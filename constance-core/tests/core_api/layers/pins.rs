//! A pin is above what is stored and stays there.

use constance_core::backend::{Batch, Change, Encoded};
use constance_core::testing::FaultyBackend;
use constance_core::{Backend, Error, Pins};

use super::*;

fn pinned(store: &Store) -> Config<Shop> {
    let pins = Pins::new().variables("SHOP_PIN_", [("SHOP_PIN_THE_ANSWER", "7")]);
    builder(store).base(Base::new().text("the_answer", "43")).pin(pins).build().expect("builds")
}

#[test]
fn a_pin_is_in_force_whatever_is_stored_and_what_is_stored_stays() {
    let store = Store::default();
    let open = builder(&store).build().expect("builds");
    let config = pinned(&store);
    let live = config.live().expect("loads");
    open.set(Shop::THE_ANSWER, 99).expect("writes where it is not pinned");
    open.set(Shop::LOW, 2).expect("writes");
    while live.load().low != 2 {
        assert!(live.wait_for_change(std::time::Duration::from_secs(60)), "it follows");
    }

    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 7);
    assert_eq!(config.get_text("the_answer").expect("reads"), "7");
    assert_eq!(config.snapshot().expect("reads").the_answer, 7);
    assert_eq!(live.load().the_answer, 7);
    let entry = config.entry("the_answer").expect("reads");
    assert_eq!(entry.source, Source::PinnedByEnv("SHOP_PIN_THE_ANSWER".into()));
    assert!(entry.is_set, "the stored value is hidden, not gone");
    assert_eq!(entry.info.default_text, "43");
    assert_eq!(open.get(Shop::THE_ANSWER).expect("reads"), 99);
}

#[test]
fn every_write_to_a_pinned_setting_is_refused_and_names_the_variable() {
    let store = Store::default();
    builder(&store).build().expect("builds").set(Shop::THE_ANSWER, 99).expect("writes");
    let config = pinned(&store);
    let refused = |result: Result<(), Error>| {
        let error = result.expect_err("pinned");
        assert_eq!(error.kind(), ErrorKind::Pinned);
        assert_eq!(error.setting(), Some("the_answer"));
        let text = error.to_string();
        assert!(text.contains("SHOP_PIN_THE_ANSWER") && !text.contains('7') && !text.contains("99"), "{text}");
    };
    refused(config.set(Shop::THE_ANSWER, 8));
    refused(config.set_text("the_answer", "8"));
    refused(config.reset(Shop::THE_ANSWER));
    refused(config.reset_name("the_answer"));
    refused(config.compare_and_set(Shop::THE_ANSWER, 7, 8));
    refused(config.update(Shop::THE_ANSWER, |_| unreachable!("nothing is to be made of it")).map(drop));
    refused(config.change().set(Shop::LOW, 2).set(Shop::THE_ANSWER, 8).apply());
    refused(config.view().set(Shop::THE_ANSWER, 8));
    assert_eq!(config.get(Shop::LOW).expect("reads"), 1, "nothing of a refused change set is written");
    assert_eq!(builder(&store).build().expect("builds").get(Shop::THE_ANSWER).expect("reads"), 99);
    config.change().expect(Shop::THE_ANSWER, 7).set(Shop::LOW, 2).apply().expect("it may be expected");
}

#[test]
fn a_pinned_setting_is_read_without_the_store_and_whatever_bytes_are_there() {
    let store = Store::default();
    let key = store.default_prefix().key("the_answer").expect("a key");
    store.write(&Batch::one(Change::set(key, Encoded::from(&b"\xc1rubbish"[..])))).expect("writes");
    let config = pinned(&store);
    assert_eq!(config.snapshot().expect("the pin hides what is unreadable").the_answer, 7);
    config.verify().expect("nothing that is in force is unreadable");

    let faulty = Arc::new(FaultyBackend::new(Arc::clone(&store)));
    let pins = Pins::new().text("the_answer", "7");
    let config = Config::<Shop>::builder(Arc::clone(&faulty)).pin(pins).build().expect("builds");
    faulty.fail_all(ErrorKind::Unavailable);
    assert_eq!(config.get(Shop::THE_ANSWER).expect("needs no store"), 7);
    assert_eq!(config.get(Shop::LOW).expect_err("needs it").kind(), ErrorKind::Unavailable);
}

#[test]
fn an_override_is_above_a_pin() {
    let config = pinned(&Store::default());
    let test = config.overrides();
    let live = test.live().expect("loads");
    {
        let _guard = test.set(Shop::THE_ANSWER, 8).expect("accepted");
        assert_eq!(test.get(Shop::THE_ANSWER).expect("reads"), 8);
        assert_eq!(live.load().the_answer, 8);
    }
    assert_eq!(test.get(Shop::THE_ANSWER).expect("reads"), 7);
    assert_eq!(live.load().the_answer, 7);
}

#[test]
fn rules_across_settings_are_held_against_pins() {
    let store = Store::default();
    builder(&store).build().expect("builds").change().set(Shop::LOW, 2).set(Shop::HIGH, 4).apply().expect("writes");
    let config = builder(&store).pin(Pins::new().text("low", "3")).build().expect("builds");
    config.snapshot().expect("3 is below 4");
    assert_eq!(config.set(Shop::HIGH, 3).expect_err("the pin is 3").kind(), ErrorKind::Invalid);
    config.set(Shop::HIGH, 5).expect("above the pin");
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn the_asynchronous_front_has_them_too() {
    use constance_core::aio::{AsyncConfig, Blocking};

    let pins = Pins::new().text("the_answer", "7");
    let backend = Blocking::new(Store::default());
    let builder = AsyncConfig::<Shop>::builder(backend).base(Base::new().text("low", "2")).pin(pins);
    let config = builder.build().expect("builds");
    assert_eq!(config.get(Shop::LOW).await.expect("reads"), 2);
    assert_eq!(config.get(Shop::THE_ANSWER).await.expect("reads"), 7);
    assert_eq!(config.snapshot().await.expect("reads").the_answer, 7);
    assert_eq!(config.live().await.expect("loads").load().the_answer, 7);
    assert_eq!(config.entry("the_answer").await.expect("reads").source, Source::PinnedByCode);
    for refused in [
        config.set(Shop::THE_ANSWER, 8).await,
        config.reset(Shop::THE_ANSWER).await,
        config.update(Shop::THE_ANSWER, |_| unreachable!("nothing is to be made of it")).await.map(drop),
        config.change().set(Shop::THE_ANSWER, 8).apply().await,
    ] {
        assert_eq!(refused.expect_err("pinned").kind(), ErrorKind::Pinned);
    }
}
