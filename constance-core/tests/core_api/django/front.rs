//! A `Config` with the codec `Json`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Backend, Config, ErrorKind, Json, Settings,
    backend::{Batch, Change, Encoded, Stored},
};

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(rename_all = "SCREAMING_SNAKE_CASE")]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = 0.5)]
    ratio: f64,
    #[setting(default = Duration::from_secs(1800))]
    basket_timeout: Duration,
    #[setting(default)]
    stock: BTreeMap<String, i64>,
    sale_ends: Option<jiff::civil::Date>,
}

struct Store {
    backend: Arc<ReferenceBackend>,
    config: Config<Shop, Json>,
}

impl Store {
    fn new(codec: Json) -> Self {
        let backend = Arc::new(ReferenceBackend::new());
        let config = Config::<Shop>::builder(Arc::clone(&backend)).codec(codec).build().expect("builds");
        Self { backend, config }
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let key = self.config.prefix().key(name).expect("a key");
        self.backend.write(&Batch::one(Change::set(key, Encoded::from(bytes)))).expect("writes");
    }

    fn text(&self, name: &str) -> String {
        let key = self.config.prefix().key(name).expect("a key");
        let Some(Stored::Value(value)) = self.backend.read(&[&key]).expect("reads").pop() else { panic!("absent") };
        String::from_utf8(value.as_bytes().to_vec()).expect("JSON")
    }
}

#[test]
fn a_value_in_another_layout_is_expected_as_the_value_it_is() {
    let store = Store::new(Json::new());
    store.put("STOCK", br#" {"__value__": {"b": 2, "a": 1}, "__type__": "default"}"#);
    let (old, new) = (BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]), BTreeMap::new());
    store.config.compare_and_set(Shop::STOCK, old, new).expect("it is the same map");
    assert_eq!(store.text("STOCK"), r#"{"__type__": "default", "__value__": {}}"#);
    store.config.set(Shop::RATIO, f64::NAN).expect("a NaN is written");
    store.config.compare_and_set(Shop::RATIO, f64::NAN, 1.0).expect("a NaN is known by its bytes");
    assert_eq!(store.config.update(Shop::RATIO, |ratio| ratio + 1.0).expect("updates"), 2.0);
    assert_eq!(store.text("RATIO"), r#"{"__type__": "default", "__value__": 2.0}"#);
}

#[test]
fn what_python_cannot_hold_is_refused_and_nothing_is_stored() {
    let store = Store::new(Json::new());
    let error = store.config.set(Shop::BASKET_TIMEOUT, Duration::from_nanos(1)).expect_err("too fine");
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert_eq!(
        error.to_string(),
        "cannot write setting \"BASKET_TIMEOUT\" to reference: a value that is finer than a microsecond cannot be written as \
         a duration such as 1h 30m, 45s or 250ms"
    );
    assert!(!store.config.entry("BASKET_TIMEOUT").expect("reads").is_set);
}

#[test]
fn a_value_of_another_type_is_named_and_can_be_repaired() {
    let store = Store::new(Json::new());
    store.put("THE_ANSWER", br#"{"__type__": "date", "__value__": "2010-12-24"}"#);
    store.put("SALE_ENDS", br#"{"__type__": "date", "__value__": "2010-12-24"}"#);
    let error = store.config.snapshot().expect_err("a date");
    assert_eq!(error.setting(), Some("THE_ANSWER"));
    assert!(error.to_string().contains("wanted a whole number, found a date (47 bytes stored)"), "{error}");
    let all = store.config.read_all().expect("answers");
    assert_eq!(all.values.sale_ends, Some(jiff::civil::date(2010, 12, 24)));
    store.config.set(Shop::THE_ANSWER, 43).expect("repairs");
    assert_eq!(store.config.snapshot().expect("reads").the_answer, 43);
    // Django's rules are not these.
    store.put("THE_ANSWER", br#"{"__type__": "default", "__value__": -1}"#);
    assert_eq!(store.config.get(Shop::THE_ANSWER).expect_err("too small").kind(), ErrorKind::Invalid);
}

#[test]
fn none_is_stored_and_is_not_absent() {
    let store = Store::new(Json::new());
    store.config.set(Shop::SALE_ENDS, None).expect("writes");
    assert_eq!(store.text("SALE_ENDS"), r#"{"__type__": "default", "__value__": null}"#);
    assert!(store.config.entry("SALE_ENDS").expect("reads").is_set);
}

#[test]
fn a_pickle_is_written_as_json_again() {
    let store = Store::new(Json::new().reading_pickles(true));
    store.put("THE_ANSWER", b"\x80\x04K\x2b.");
    store.put("SALE_ENDS", b"\x80\x04N.");
    assert_eq!(store.config.update(Shop::THE_ANSWER, |n| n + 1).expect("updates"), 44);
    assert_eq!(store.text("THE_ANSWER"), r#"{"__type__": "default", "__value__": 44}"#);
    assert_eq!(store.config.get(Shop::SALE_ENDS).expect("reads"), None);
    store.put("RATIO", b"cos\nsystem\n(Vhunter2\ntR.");
    let error = store.config.get(Shop::RATIO).expect_err("not on the list").to_string();
    assert!(error.contains("a pickle that needs os.system") && !error.contains("hunter2"), "{error}");
}
