//! A value that is longer than a setting should be is neither stored nor looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Codec, Config, Error, ErrorKind, Kind, MessagePack, Result, Settings,
    backend::{Encoded, Stored},
};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate = |_: &Shop| Ok::<(), String>(()))]
struct Shop {
    #[setting(default = "My Title", alias = "old_name")]
    site_name: String,
    #[setting(default)]
    names: Vec<Option<String>>,
    #[setting(default = 1)]
    other: i64,
}

/// How often values were decoded, by a codec that is the default one otherwise.
#[derive(Debug, Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Codec for Counting {
    fn encode<T: Serialize + ?Sized>(&self, kind: &Kind, value: &T) -> Result<Encoded> {
        MessagePack.encode(kind, value)
    }

    fn decode<T: DeserializeOwned>(&self, kind: &Kind, bytes: &[u8]) -> Result<T> {
        self.0.fetch_add(1, Ordering::Relaxed);
        MessagePack.decode(kind, bytes)
    }
}

const MIB: usize = 1 << 20;

/// A text whose stored form has this length: the envelope of three bytes, five of the text's own, and the text.
fn text(stored: usize) -> String {
    "a".repeat(stored - 8)
}

fn put<C: Codec>(backend: &ReferenceBackend, config: &Config<Shop, C>, name: &str, bytes: Vec<u8>) {
    backend.put(&config.prefix().key(name).expect("a key"), Stored::Value(Encoded::from(bytes)));
}

fn refused(error: &Error, kind: ErrorKind, words: &str) {
    assert_eq!((error.kind(), error.setting()), (kind, Some("site_name")), "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn a_value_may_take_a_mebibyte_unless_the_builder_says_otherwise() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    config.set(Shop::SITE_NAME, text(MIB)).expect("as long as it may be");
    assert_eq!(config.get(Shop::SITE_NAME).expect("reads").len(), MIB - 8);
    let words = "the value takes more than the 1048576 bytes that a value may take";
    refused(&config.set(Shop::SITE_NAME, text(MIB + 1)).expect_err("long"), ErrorKind::Invalid, words);
    refused(&config.set_text("site_name", &text(MIB + 1)).expect_err("long"), ErrorKind::Invalid, words);
    let words = "the text takes more than";
    refused(&config.set_text("site_name", &" ".repeat(17 * MIB)).expect_err("long"), ErrorKind::Invalid, words);

    let wide = Config::<Shop>::builder(Arc::clone(&backend)).max_value_len(2 * MIB).build().expect("declared rightly");
    wide.set(Shop::SITE_NAME, text(MIB + 1)).expect("the builder allows it");
    assert_eq!(wide.get(Shop::SITE_NAME).expect("reads").len(), MIB - 7);
    let words = "1048577 bytes are stored, and the most that is read is 1048576";
    for error in [
        config.get(Shop::SITE_NAME).expect_err("long"),
        config.get_text("site_name").expect_err("long"),
        config.snapshot().expect_err("long"),
        config.live().expect_err("long"),
        config.update(Shop::SITE_NAME, |name| name).expect_err("long"),
    ] {
        refused(&error, ErrorKind::Decode, words);
    }
    assert_eq!(config.read_all().expect("the others are read").values.other, 1);
    config.set(Shop::SITE_NAME, "short".to_owned()).expect("is repaired");
    assert_eq!(config.get(Shop::SITE_NAME).expect("reads"), "short");
}

#[test]
fn what_is_too_long_is_not_decoded() {
    let (backend, counting) = (Arc::new(ReferenceBackend::new()), Counting::default());
    let config =
        Config::<Shop>::builder(Arc::clone(&backend)).codec(counting.clone()).build().expect("declared rightly");
    // Every byte would be an element.
    put(&backend, &config, "names", [b"\xc1\x01Lt\xdd\x01\xc9\xc3\x80".to_vec(), vec![0xc0; 30_000_000]].concat());
    assert_eq!(config.get(Shop::NAMES).expect_err("long").kind(), ErrorKind::Decode);
    assert_eq!(config.snapshot().expect_err("long").kind(), ErrorKind::Decode);
    config.set(Shop::OTHER, 2).expect("the rule sees the default of what is unreadable");
    // What was written is read back; the long value was not looked at.
    assert_eq!(counting.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_reset_decodes_nothing() {
    let (backend, counting) = (Arc::new(ReferenceBackend::new()), Counting::default());
    let config =
        Config::<Shop>::builder(Arc::clone(&backend)).codec(counting.clone()).build().expect("declared rightly");
    for name in ["site_name", "old_name"] {
        put(&backend, &config, name, MessagePack.encode(&Kind::Text, "stored").expect("encodes").as_bytes().to_vec());
    }
    config.reset(Shop::SITE_NAME).expect("resets");
    config.reset_name("site_name").expect("resets");
    config.change().reset(Shop::SITE_NAME).reset(Shop::NAMES).apply().expect("resets");
    assert_eq!(counting.0.load(Ordering::Relaxed), 0);
    assert!(!config.is_set(Shop::SITE_NAME).expect("reads"));
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn the_asynchronous_twin_has_the_same_limit() {
    use constance_core::aio::{AsyncConfig, Blocking};

    let backend = Arc::new(ReferenceBackend::new());
    let builder = AsyncConfig::<Shop>::builder(Blocking::new(Arc::clone(&backend))).max_value_len(100);
    let config = builder.build().expect("declared rightly");
    let words = "more than the 100 bytes that a value may take";
    refused(&config.set(Shop::SITE_NAME, "a".repeat(100)).await.expect_err("long"), ErrorKind::Invalid, words);
    config.set(Shop::SITE_NAME, "a".repeat(90)).await.expect("short enough");
    let short =
        AsyncConfig::<Shop>::builder(Blocking::new(backend)).max_value_len(50).build().expect("declared rightly");
    refused(&short.get(Shop::SITE_NAME).await.expect_err("long"), ErrorKind::Decode, "the most that is read is 50");
    short.reset(Shop::SITE_NAME).await.expect("resets");
    assert_eq!(short.get(Shop::SITE_NAME).await.expect("reads"), "My Title");
}

#[cfg(feature = "pickle")]
#[test]
fn a_pickle_that_is_too_long_is_not_converted() {
    use constance_core::Json;

    let backend = Arc::new(ReferenceBackend::new());
    let builder = Config::<Shop>::builder(Arc::clone(&backend)).codec(Json::new()).max_value_len(1_000);
    let config = builder.build().expect("declared rightly");
    put(&backend, &config, "site_name", [b"\x80\x04]".to_vec(), vec![0x94; 1_000], b".".to_vec()].concat());
    put(&backend, &config, "other", b"\x80\x04K\x01.".to_vec());
    let found = config.legacy_values().expect("lists");
    assert_eq!(found.names().collect::<Vec<_>>(), ["other"]);
    refused(&found.refused()[0], ErrorKind::Decode, "the most that is read is 1000");
}
