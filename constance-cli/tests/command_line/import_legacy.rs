//! `settings import-legacy`: values of django-constance 1 to 3 become what django-constance 4 stores.

use std::sync::Arc;

use constance_core::{
    Backend, Config, Json, Prefix,
    backend::{Batch, Change, Encoded, Key, Stored},
};
use constance_memory::MemoryBackend;
use serde_json::json;

use crate::common;
use crate::common::Shop;

struct Store {
    backend: Arc<MemoryBackend>,
    config: Config<Shop, Json>,
}

impl Store {
    /// A pickle of Redis, one of a column, one in JSON already, one that nobody declares, and one that cannot be read.
    fn new() -> Self {
        let backend = Arc::new(MemoryBackend::new());
        let config = Config::<Shop>::builder(Arc::clone(&backend)).codec(Json::new()).build().expect("builds");
        let store = Self { backend, config };
        store.put("the_answer", b"\x80\x04K\x2b.");
        store.put("site_name", b"gAJYBQAAAE5vZGVycQAu");
        store.put("offset", br#"{"__type__": "default", "__value__": 5}"#);
        store.put("OF_DJANGO", b"I1\n.");
        store.put("theme", b"cshop\nhunter2\n)R.");
        store
    }

    fn key(&self, name: &str) -> Key {
        self.config.prefix().key(name).expect("a key")
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        self.backend.write(&Batch::one(Change::set(self.key(name), Encoded::from(bytes)))).expect("writes");
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let mut found = self.backend.read(&[&self.key(name)]).expect("reads");
        let Some(Stored::Value(value)) = found.pop() else { panic!("nothing under {name}") };
        value.as_bytes().to_vec()
    }

    fn run(&self, args: &[&str]) -> (String, Option<(u8, String)>) {
        let command = common::parse(args).expect("complete").command;
        let mut out = Vec::new();
        let result = command.run_to(&self.config, &mut out);
        let out = String::from_utf8(out).expect("UTF-8");
        assert!(!out.contains("Noder"), "no value is shown: {out}");
        (out, result.err().map(|e| (e.code(), e.to_string())))
    }
}

const REFUSED: &str = "cannot convert \"theme\"; set or reset them, or convert them with Python";

#[test]
fn without_write_nothing_is_changed() {
    let store = Store::new();
    let before = store.bytes("the_answer");
    let (out, failed) = store.run(&["import-legacy"]);
    assert_eq!(
        out,
        "OF_DJANGO: would be converted\n\
         site_name: would be converted\n\
         the_answer: would be converted\n\
         setting \"theme\": wanted a pickle, found a pickle that needs shop.hunter2, which is not on the list (17 bytes stored)\n\
         3 of 4 values would be converted; --write converts them\n"
    );
    assert_eq!(failed, Some((1, REFUSED.to_owned())));
    assert_eq!(store.bytes("the_answer"), before);
}

#[test]
fn with_write_everything_that_can_be_is_converted_and_it_can_be_repeated() {
    let store = Store::new();
    let (out, failed) = store.run(&["import-legacy", "--write"]);
    assert!(out.ends_with("3 of 4 values converted\n"), "{out}");
    assert_eq!(failed, Some((1, REFUSED.to_owned())));
    assert_eq!(store.bytes("the_answer"), br#"{"__type__": "default", "__value__": 43}"#);
    assert_eq!(store.bytes("OF_DJANGO"), br#"{"__type__": "default", "__value__": 1}"#);
    assert_eq!(store.bytes("offset"), br#"{"__type__": "default", "__value__": 5}"#);
    assert_eq!(store.bytes("theme"), b"cshop\nhunter2\n)R.");
    assert_eq!(store.config.get(Shop::SITE_NAME).expect("reads"), "Noder");
    store.config.reset(Shop::THEME).expect("resets");
    assert_eq!(
        store.run(&["import-legacy", "--write"]),
        ("no values of django-constance 1 to 3 are stored\n".to_owned(), None)
    );
}

#[test]
fn what_is_changed_meanwhile_is_left() {
    let store = Store::new();
    let found = store.config.legacy_values().expect("lists");
    store.config.set(Shop::THE_ANSWER, 44).expect("writes");
    let done = store.config.convert_legacy(&found).expect("converts");
    assert_eq!(
        (done.converted, done.changed),
        (vec!["OF_DJANGO".to_owned(), "site_name".to_owned()], vec!["the_answer".to_owned()])
    );
    assert_eq!(store.config.get(Shop::THE_ANSWER).expect("reads"), 44);
}

#[test]
fn other_prefixes_are_not_looked_at() {
    let store = Store::new();
    let other = Config::<Shop>::builder(Arc::clone(&store.backend))
        .codec(Json::new())
        .prefix(Prefix::new("other:").expect("a prefix"))
        .build()
        .expect("builds");
    assert!(other.legacy_values().expect("lists").is_empty());
}

#[test]
fn json_says_the_same() {
    let (out, _) = Store::new().run(&["import-legacy", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(object["dry_run"], json!(true));
    assert_eq!(object["converted"], json!(["OF_DJANGO", "site_name", "the_answer"]));
    assert_eq!(object["changed"], json!([]));
    assert_eq!(object["refused"][0]["name"], json!("theme"));
}

#[test]
fn another_codec_is_refused_before_the_store_is_asked() {
    let config = Config::<Shop>::new(common::Down);
    let error = common::parse(&["import-legacy"]).expect("complete").command.run_to(&config, &mut Vec::new());
    let error = error.expect_err("MessagePack");
    assert!(error.to_string().contains("build the Config with the codec Json"), "{error}");
}
