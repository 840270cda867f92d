//! Values of django-constance 1 to 3 through `AsyncConfig`.

use std::sync::Arc;

use constance_core::aio::{AsyncConfig, Blocking};
use constance_core::testing::aio::polled;
use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
use constance_core::{
    Config, ErrorKind, Json, Result,
    backend::{Encoded, Key, Stored},
};

use super::{Faulty, Shop, shop};

struct Store {
    backend: Faulty,
    config: AsyncConfig<Shop, Json>,
}

impl Store {
    /// A pickle of Redis, one of a column, one in JSON already, one that nobody declares, and one that cannot be read.
    fn new() -> Self {
        let backend = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
        let blocking = Blocking::new(Arc::clone(&backend));
        let config = AsyncConfig::<Shop>::builder(blocking).codec(Json::new()).build().expect("builds");
        let store = Self { backend, config };
        store.put("the_answer", b"\x80\x04K\x2b.");
        store.put("site_name", b"gAJYBQAAAE5vZGVycQAu");
        store.put("in_json", br#"{"__type__": "default", "__value__": 5}"#);
        store.put("OF_DJANGO", b"I1\n.");
        store.put("note", b"cshop\nhunter2\n)R.");
        store
    }

    fn key(&self, name: &str) -> Key {
        self.config.prefix().key(name).expect("a key")
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        self.backend.inner().put(&self.key(name), Stored::Value(Encoded::from(bytes)));
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let Stored::Value(value) = self.backend.inner().peek(&self.key(name)) else { panic!("nothing under {name}") };
        value.as_bytes().to_vec()
    }
}

/// What django-constance 3 stored for `None` in a table.
#[tokio::test]
async fn what_is_no_value_at_all_is_said_to_be_left() -> Result<()> {
    let store = Store::new();
    store.backend.inner().put(&store.key("nothing"), Stored::Foreign("an SQL NULL"));
    let found = store.config.legacy_values().await?;
    assert_eq!(
        found.refused().iter().map(ToString::to_string).collect::<Vec<_>>()[1],
        "setting \"nothing\": the store holds an SQL NULL there; set or reset the setting to repair it"
    );
    Ok(())
}

#[tokio::test]
async fn what_can_be_is_converted_and_it_can_be_repeated() -> Result<()> {
    let store = Store::new();
    let found = store.config.legacy_values().await?;
    assert_eq!(found.names().collect::<Vec<_>>(), ["OF_DJANGO", "site_name", "the_answer"]);
    assert_eq!(found.refused().iter().map(|error| error.setting()).collect::<Vec<_>>(), [Some("note")]);
    assert_eq!(store.backend.calls(Method::Write), 0, "looking writes nothing");

    let done = store.config.convert_legacy(&found).await?;
    assert_eq!(done.converted, ["OF_DJANGO", "site_name", "the_answer"]);
    assert!(done.changed.is_empty());
    assert_eq!(store.backend.calls(Method::Write), 3, "one write each");
    assert_eq!(store.bytes("the_answer"), br#"{"__type__": "default", "__value__": 43}"#);
    assert_eq!(store.bytes("OF_DJANGO"), br#"{"__type__": "default", "__value__": 1}"#);
    assert_eq!(store.bytes("in_json"), br#"{"__type__": "default", "__value__": 5}"#);
    assert_eq!(store.bytes("note"), b"cshop\nhunter2\n)R.", "what is refused stays");
    assert_eq!(store.config.get(Shop::SITE_NAME).await?, "Noder");

    let again = store.config.convert_legacy(&found).await?;
    assert_eq!((again.converted.len(), again.changed.len()), (0, 3), "they are not there any more");
    assert_eq!(store.config.legacy_values().await?.names().len(), 0);
    store.config.reset(Shop::NOTE).await?;
    assert!(store.config.legacy_values().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn both_fronts_find_the_same() -> Result<()> {
    let store = Store::new();
    let sync = Config::<Shop>::builder(Arc::clone(&store.backend)).codec(Json::new()).build()?;
    let (of_sync, of_async) = (sync.legacy_values()?, store.config.legacy_values().await?);
    assert!(of_sync.names().eq(of_async.names()));
    assert_eq!(format!("{of_sync:?}"), format!("{of_async:?}"));
    // What one has found the other may convert.
    assert_eq!(sync.convert_legacy(&of_async)?.converted, of_sync.names().collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn what_is_changed_meanwhile_is_left() -> Result<()> {
    let store = Store::new();
    let found = store.config.legacy_values().await?;
    store.config.set(Shop::THE_ANSWER, 44).await?;
    let done = store.config.convert_legacy(&found).await?;
    assert_eq!((done.converted.len(), done.changed), (2, vec!["the_answer".to_owned()]));
    assert_eq!(store.config.get(Shop::THE_ANSWER).await?, 44);
    Ok(())
}

#[tokio::test]
async fn an_outage_is_an_error_that_names_the_setting_and_no_value() -> Result<()> {
    let store = Store::new();
    let found = store.config.legacy_values().await?;
    store.backend.fail_all(ErrorKind::Unavailable);
    let error = store.config.legacy_values().await.expect_err("an outage");
    assert!(error.to_string().starts_with("cannot list the settings in reference: "), "{error}");
    let error = store.config.convert_legacy(&found).await.expect_err("an outage");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Unavailable, Some("OF_DJANGO")));
    assert!(error.to_string().starts_with("cannot write setting \"OF_DJANGO\" to reference: "), "{error}");
    let shown = format!("{found:?} {error:?}");
    assert!(!shown.contains("Noder"), "{shown}");
    store.backend.heal();
    assert_eq!(store.config.convert_legacy(&found).await?.converted.len(), 3);
    Ok(())
}

#[tokio::test]
async fn another_codec_is_refused_before_the_store_is_asked() {
    let (backend, config) = shop();
    let error = config.legacy_values().await.expect_err("MessagePack");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().ends_with("build the Config with the codec Json"), "{error}");
    assert_eq!(backend.store_calls(), 0);
}

#[tokio::test]
async fn a_conversion_dropped_at_any_poll_leaves_whole_values_and_is_gone_on_with() -> Result<()> {
    let store = Store::new();
    let found = store.config.legacy_values().await?;
    for polls in 0.. {
        let done = polled(Box::pin(store.config.convert_legacy(&found)), polls).await;
        let now = store.bytes("OF_DJANGO");
        assert!(now == b"I1\n." || now == br#"{"__type__": "default", "__value__": 1}"#, "after {polls} polls");
        if let Some(done) = done {
            let done = done?;
            assert_eq!(done.converted.len() + done.changed.len(), 3);
            break;
        }
    }
    assert_eq!(store.config.legacy_values().await?.names().len(), 0);
    assert_eq!(store.config.get(Shop::THE_ANSWER).await?, 43);
    Ok(())
}

#[test]
fn the_futures_can_be_sent() {
    fn is_send<T: Send>(_: &T) {}
    let store = Store::new();
    is_send(&store.config.legacy_values());
    let sync = Config::<Shop>::builder(Arc::clone(&store.backend)).codec(Json::new()).build().expect("builds");
    let found = sync.legacy_values().expect("lists");
    is_send(&store.config.convert_legacy(&found));
}
