//! The same over an asynchronous store.

use std::sync::mpsc::channel;

use constance_core::ErrorKind;
use constance_core::aio::{AsyncConfig, AsyncConfigView, Blocking};
use constance_core::testing::ReferenceBackend;

use super::{Login, Mail, Shop};

fn config() -> AsyncConfig<Shop> {
    AsyncConfig::new(Blocking::new(ReferenceBackend::new()))
}

#[tokio::test]
async fn handles_of_nested_settings_work() {
    let config = config();
    let (host, user) = (Shop::MAIL.field(Mail::HOST), Shop::MAIL.field(Mail::LOGIN.field(Login::USER)));
    config.change().set(host, "a".to_owned()).set(user, "admin".to_owned()).apply().await.expect("writes");
    assert_eq!(config.get(user).await.expect("reads"), "admin");
    assert_eq!(config.snapshot().await.expect("reads").mail.host, "a");
    assert_eq!(config.update(Shop::MAIL.field(Mail::FEWEST), |n| n + 1).await.expect("writes"), 2);
    config.reset(host).await.expect("writes");
    assert_eq!(config.live().await.expect("a load").load().mail.host, "localhost");
}

#[tokio::test]
async fn a_module_has_its_own_alone() {
    let config = config();
    let mail: AsyncConfigView<Mail> = config.nested(Shop::MAIL);
    let login = mail.nested(Mail::LOGIN);
    let (sender, seen) = channel();
    let subscription = mail.subscribe_to(Mail::HOST, move |old, new| {
        let _ = sender.send((old.cloned(), new.clone()));
    });
    config.set(Shop::THE_ANSWER, 43).await.expect("writes");
    mail.set(Mail::HOST, "a".to_owned()).await.expect("writes");
    drop(subscription);
    assert_eq!(seen.iter().collect::<Vec<_>>(), [(Some("localhost".to_owned()), "a".to_owned())]);
    login.set(Login::USER, "admin".to_owned()).await.expect("writes");
    assert_eq!(login.get(Login::USER).await.expect("reads"), "admin");
    assert!(login.is_set(Login::USER).await.expect("reads"));
    assert_eq!(login.live().await.expect("a load").load().user, "admin");
    assert_eq!(mail.snapshot().await.expect("reads"), config.snapshot().await.expect("reads").mail);
    assert_eq!(mail.update(Mail::FEWEST, |n| n + 1).await.expect("writes"), 2);
    let error = mail.compare_and_set(Mail::FEWEST, 1, 4).await.expect_err("another value");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Conflict, Some("mail.fewest")));
    assert!(mail.set(Mail::FEWEST, 11).await.is_err());
    mail.change().set(Mail::FEWEST, 11).set(Mail::MOST, 12).apply().await.expect("writes");
    mail.reset(Mail::HOST).await.expect("writes");
    assert_eq!(config.snapshot().await.expect("reads").mail.host, "localhost");
}

#[tokio::test]
async fn a_view_is_subject_to_the_overrides_of_its_handle() {
    let shared = config();
    let test = shared.overrides();
    let mail = test.config().nested(Shop::MAIL);
    let _guard = test.set(Shop::MAIL.field(Mail::HOST), "test".to_owned()).expect("a valid value");
    assert_eq!(mail.get(Mail::HOST).await.expect("reads"), "test");
    assert_eq!(shared.nested(Shop::MAIL).get(Mail::HOST).await.expect("reads"), "localhost");
}
