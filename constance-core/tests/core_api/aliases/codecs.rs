//! The mark of what was stored under all names at once, and codecs that have none.

use constance_core::{Config, Result, SettingType};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;

/// Both forms are the same value and of the same length, and each is made of the other.
fn has_two_forms<C: Codec>(codec: &C, unmarked: &[u8], marked: &[u8]) {
    let (unmarked, marked) = (Encoded::from(unmarked), Encoded::from(marked));
    assert_eq!(codec.encode(&i64::KIND, &42_i64).expect("encodes"), unmarked);
    assert_eq!(
        (codec.with_alias_mark(&unmarked), codec.without_alias_mark(&marked)),
        (Some(marked.clone()), Some(unmarked.clone()))
    );
    assert_eq!((codec.without_alias_mark(&unmarked), codec.with_alias_mark(&marked)), (None, None));
    for form in [unmarked, marked] {
        assert_eq!(codec.decode::<i64>(&i64::KIND, form.as_bytes()).expect("readable"), 42);
        for cut in 0..form.len() {
            let cut = Encoded::from(&form.as_bytes()[..cut]);
            let other = codec.with_alias_mark(&cut).into_iter().chain(codec.without_alias_mark(&cut));
            assert!(other.into_iter().all(|other| other.len() == cut.len()), "{} bytes", cut.len());
        }
    }
    for foreign in [&b""[..], b"\xC1", b"\x01", b"{", b"hunter2", b"\xC1\x02i\x2A", b"42"] {
        let foreign = Encoded::from(foreign);
        assert_eq!((codec.with_alias_mark(&foreign), codec.without_alias_mark(&foreign)), (None, None), "{foreign:?}");
    }
}

#[test]
fn the_mark_of_messagepack_is_a_bit_of_its_version() {
    has_two_forms(&MessagePack, &[0xC1, 0x01, b'i', 42], &[0xC1, 0x81, b'i', 42]);
}

#[cfg(feature = "json")]
#[test]
fn the_mark_of_json_is_white_space_that_python_does_not_see() {
    let (unmarked, marked) =
        (&br#"{"__type__": "default", "__value__": 42}"#[..], &b"{\"__type__\":\t\"default\", \"__value__\": 42}"[..]);
    has_two_forms(&constance_core::Json::new(), unmarked, marked);
}

#[cfg(feature = "json")]
#[test]
fn a_django_project_that_knows_the_old_name_is_heard() {
    use constance_core::Json;

    let store = Arc::new(ReferenceBackend::new());
    let shop = Config::<Shop>::builder(Arc::clone(&store)).codec(Json::new()).build().expect("builds");
    let value = |words: &str| format!("{{\"__type__\": \"default\", \"__value__\": \"{words}\"}}");
    shop.set(Shop::SITE_NAME, "a".into()).expect("writes");
    assert_eq!(store.peek(&key("title")), Stored::Value(Encoded::from(value("a").into_bytes())), "byte for byte");
    store.put(&key("title"), Stored::Value(Encoded::from(value("b").into_bytes())));
    assert_eq!(shop.get(Shop::SITE_NAME).expect("reads"), "b");
    store.put(&key("title"), Stored::Absent);
    assert_eq!(shop.get(Shop::SITE_NAME).expect("reads"), "My Title");
}

/// As a codec that was written before there were marks.
#[derive(Debug, Clone)]
struct Unmarked;

impl Codec for Unmarked {
    fn encode<T: Serialize + ?Sized>(&self, kind: &Kind, value: &T) -> Result<Encoded> {
        MessagePack.encode(kind, value)
    }

    fn decode<T: DeserializeOwned>(&self, kind: &Kind, bytes: &[u8]) -> Result<T> {
        MessagePack.decode(kind, bytes)
    }
}

#[test]
fn without_a_mark_both_names_are_written_and_the_new_one_counts() {
    let (store, old, _) = world();
    let shop = Config::<Shop>::builder(store).codec(Unmarked).build().expect("builds");
    old.set(Old::TITLE, "a".into()).expect("writes");
    assert_eq!(shop.get(Shop::SITE_NAME).expect("reads"), "a");
    shop.set(Shop::SITE_NAME, "b".into()).expect("writes");
    assert_eq!(old.get(Old::TITLE).expect("reads"), "b");
    old.set(Old::TITLE, "c".into()).expect("writes");
    assert_eq!(shop.get(Shop::SITE_NAME).expect("reads"), "b");
    assert_eq!(shop.verify().expect("a warning is no error").len(), 1, "it is said");
    shop.reset(Shop::SITE_NAME).expect("writes");
    assert_eq!(old.get(Old::TITLE).expect("reads"), "My Title");
}
