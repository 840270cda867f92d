//! A setting that was renamed, while programs that know the old name alone serve beside those that know the new one.

mod apart;
mod asynchronous;
mod codecs;
mod several;

use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
use constance_core::{
    Backend, Codec, Config, ErrorKind, Kind, LiveOptions, MessagePack, Settings,
    backend::{Encoded, Key, Stored},
};
use parking_lot::Mutex;

/// Before the setting was renamed.
#[derive(Debug, Clone, PartialEq, Settings)]
struct Old {
    #[setting(default = "My Title")]
    title: String,
    #[setting(default = 1)]
    stock: i64,
}

/// After it.
#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = "My Title", alias = "title")]
    site_name: String,
    #[setting(default = 1)]
    stock: i64,
}

type Store = Arc<ReferenceBackend>;

/// A store, the old program and the new one.
fn world() -> (Store, Config<Old>, Config<Shop>) {
    let store = Arc::new(ReferenceBackend::new());
    (Arc::clone(&store), Config::new(Arc::clone(&store)), Config::new(store))
}

fn key(name: &str) -> Key {
    ReferenceBackend::new().default_prefix().key(name).expect("a key")
}

fn text(text: &str) -> Encoded {
    MessagePack.encode(&Kind::Text, text).expect("encodes")
}

/// What is stored under the new name where all names are written at once.
fn marked(words: &str) -> Stored {
    Stored::Value(MessagePack.with_alias_mark(&text(words)).expect("it has the form"))
}

/// What is stored under the new name and under the old one.
fn stored(store: &ReferenceBackend) -> [Stored; 2] {
    ["site_name", "title"].map(|name| store.peek(&key(name)))
}

/// Both programs have this value, on every way of reading.
fn agree(old: &Config<Old>, shop: &Config<Shop>, value: &str, is_set: bool) {
    assert_eq!(old.get(Old::TITLE).expect("reads"), value);
    assert_eq!(shop.get(Shop::SITE_NAME).expect("reads"), value);
    assert_eq!(shop.snapshot().expect("reads").site_name, value);
    assert_eq!(shop.get_text("site_name").expect("reads"), value);
    assert_eq!(shop.is_set(Shop::SITE_NAME).expect("reads"), is_set);
    let entry = &shop.list().expect("reads")[0];
    assert_eq!((entry.info.name, entry.is_set, entry.text.as_deref().expect("readable")), ("site_name", is_set, value));
    let within = shop.within(shop.backend());
    assert_eq!(within.get(Shop::SITE_NAME).expect("reads"), value);
}

#[test]
fn whoever_writes_or_resets_last_is_heard_by_both() {
    let (store, old, shop) = world();
    agree(&old, &shop, "My Title", false);
    old.set(Old::TITLE, "of the old".into()).expect("writes");
    agree(&old, &shop, "of the old", true);
    shop.set(Shop::SITE_NAME, "of the new".into()).expect("writes");
    agree(&old, &shop, "of the new", true);
    assert_eq!(stored(&store), [marked("of the new"), Stored::Value(text("of the new"))]);
    old.set(Old::TITLE, "old again".into()).expect("writes");
    agree(&old, &shop, "old again", true);
    shop.set(Shop::SITE_NAME, "new again".into()).expect("writes");
    old.reset(Old::TITLE).expect("writes");
    agree(&old, &shop, "My Title", false);
    shop.set(Shop::SITE_NAME, "once more".into()).expect("writes");
    agree(&old, &shop, "once more", true);
    shop.reset(Shop::SITE_NAME).expect("writes");
    agree(&old, &shop, "My Title", false);
    assert_eq!(stored(&store), [Stored::Absent, Stored::Absent]);
    assert!(shop.stale_keys().expect("lists").is_empty(), "an alias is no stale key");
}

#[test]
fn a_change_set_and_a_transaction_write_both_names() {
    let (store, old, shop) = world();
    shop.change().set(Shop::SITE_NAME, "a".into()).set(Shop::STOCK, 2).apply().expect("writes");
    agree(&old, &shop, "a", true);
    old.set(Old::TITLE, "b".into()).expect("writes");
    let error = shop.change().expect(Shop::SITE_NAME, "a".into()).set(Shop::STOCK, 3).apply().expect_err("b is there");
    assert_eq!((error.kind(), error.current::<String>().map(String::as_str)), (ErrorKind::Conflict, Some("b")));
    shop.change().expect(Shop::SITE_NAME, "b".into()).set(Shop::STOCK, 3).apply().expect("writes");
    shop.change().reset(Shop::SITE_NAME).set_text("stock", "4").expect("a number").apply().expect("writes");
    agree(&old, &shop, "My Title", false);

    let live = shop.live().expect("loads");
    let within = shop.within(&store);
    within.set(Shop::SITE_NAME, "c".into()).expect("writes");
    within.compare_and_set(Shop::SITE_NAME, "c".into(), "d".into()).expect("writes");
    assert_eq!(within.update(Shop::SITE_NAME, |was| was + "!").expect("writes"), "d!");
    shop.committed(within.into_changes()).expect("catches up");
    assert_eq!(live.load().site_name, "d!");
    agree(&old, &shop, "d!", true);
    let within = shop.within(&store);
    within.reset(Shop::SITE_NAME).expect("writes");
    shop.committed(within.into_changes()).expect("catches up");
    agree(&old, &shop, "My Title", false);
}

#[test]
fn compare_and_set_expects_what_the_old_program_made_of_it() {
    let (_, old, shop) = world();
    shop.set(Shop::SITE_NAME, "a".into()).expect("writes");
    old.set(Old::TITLE, "b".into()).expect("writes");
    let error = shop.compare_and_set(Shop::SITE_NAME, "a".into(), "c".into()).expect_err("b is there");
    assert_eq!((error.kind(), error.current::<String>().map(String::as_str)), (ErrorKind::Conflict, Some("b")));
    shop.compare_and_set(Shop::SITE_NAME, "b".into(), "c".into()).expect("b is there");
    agree(&old, &shop, "c", true);
    old.reset(Old::TITLE).expect("writes");
    shop.compare_and_set(Shop::SITE_NAME, "My Title".into(), "d".into()).expect("the default is in force");
    agree(&old, &shop, "d", true);
}

#[test]
fn an_update_loses_no_change_of_the_old_program() {
    let (_, old, shop) = world();
    shop.set(Shop::SITE_NAME, "a".into()).expect("writes");
    for (of_the_old, expected) in [(Some("b"), "b!"), (None, "My Title!")] {
        let mut first = true;
        let change = |was: String| {
            if std::mem::take(&mut first) {
                of_the_old.map_or_else(|| old.reset(Old::TITLE), |b| old.set(Old::TITLE, b.into())).expect("writes");
            }
            was + "!"
        };
        assert_eq!(shop.update(Shop::SITE_NAME, change).expect("writes"), expected);
        agree(&old, &shop, expected, true);
    }
}

#[test]
fn live_follows_the_old_program_and_events_say_what_was() {
    let (_, old, shop) = world();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let _subscription = shop.subscribe(move |event| {
        let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "unknown".into());
        hears.lock().push((text(event.old(Shop::SITE_NAME)), text(event.new_value(Shop::SITE_NAME))));
    });
    old.set(Old::TITLE, "a".into()).expect("writes");
    shop.set(Shop::SITE_NAME, "b".into()).expect("writes");
    old.reset(Old::TITLE).expect("writes");
    shop.set(Shop::SITE_NAME, "c".into()).expect("writes");
    shop.reset(Shop::SITE_NAME).expect("writes");
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(*heard.lock(), [pair("a", "b"), pair("My Title", "c"), pair("c", "My Title")]);

    let live = shop.live_with(LiveOptions::new().poll_interval(Duration::from_millis(1))).expect("loads");
    let wait = |value: &str| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while live.load().site_name != value {
            assert!(Instant::now() < deadline, "{value:?} never came");
            std::thread::yield_now();
        }
    };
    old.set(Old::TITLE, "d".into()).expect("writes");
    wait("d");
    shop.set(Shop::SITE_NAME, "e".into()).expect("writes");
    assert_eq!(live.load().site_name, "e");
    old.reset(Old::TITLE).expect("writes");
    wait("My Title");
    old.set(Old::TITLE, "f".into()).expect("writes");
    wait("f");
}

#[test]
fn what_is_unreadable_under_the_old_name_is_said_and_a_write_repairs_it() {
    let (store, old, shop) = world();
    for repair in [true, false] {
        shop.set(Shop::SITE_NAME, "a".into()).expect("writes");
        for unreadable in [Stored::Foreign("a list"), Stored::Value(Encoded::from(vec![1]))] {
            store.put(&key("title"), unreadable);
            let error = shop.get(Shop::SITE_NAME).expect_err("the old program has no value either");
            assert_eq!((error.kind(), error.setting()), (ErrorKind::Decode, Some("site_name")));
            let new = if repair { "b" } else { "My Title" };
            if repair { shop.set(Shop::SITE_NAME, new.into()) } else { shop.reset(Shop::SITE_NAME) }.expect("repaired");
            agree(&old, &shop, new, repair);
        }
    }
}

#[test]
fn the_old_name_is_answered_with_the_new_one() {
    let (_, old, shop) = world();
    assert_eq!(shop.schema().find("title").expect("found").name, "site_name");
    shop.set_text("title", "a").expect("writes");
    agree(&old, &shop, "a", true);
    assert_eq!(shop.get_text("title").expect("reads"), "a");
    assert_eq!(shop.entry("title").expect("reads").info.name, "site_name");
    shop.change()
        .set_text("title", "b")
        .expect("a text")
        .set(Shop::SITE_NAME, "c".into())
        .apply()
        .expect("one setting");
    agree(&old, &shop, "c", true);
    shop.reset_name("title").expect("writes");
    agree(&old, &shop, "My Title", false);
}

#[test]
fn verifying_says_where_the_new_name_does_not_count() {
    let (_, old, shop) = world();
    old.set(Old::TITLE, "a".into()).expect("writes");
    assert!(shop.verify().expect("all is well").is_empty(), "nothing is passed over");
    shop.set(Shop::SITE_NAME, "b".into()).expect("writes");
    assert!(shop.verify().expect("all is well").is_empty());
    let words = "setting \"site_name\": an old name differs, and a program that knows only that wrote or reset it last; \
                 set or reset it to have one state";
    for reset in [false, true] {
        if reset { old.reset(Old::TITLE) } else { old.set(Old::TITLE, "c".into()) }.expect("writes");
        let warnings = shop.verify().expect("a warning is no error");
        assert_eq!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), [words]);
    }
}

/// A later version, which dropped the alias.
#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(removed("title"))]
struct Later {
    #[setting(default = "My Title")]
    site_name: String,
}

/// What a program writes that knows the new name alone is not marked: it counts, and no reset of an old program is seen in
/// it. So an alias can be added to a setting that has values, and dropped while the version that has it still serves.
#[test]
fn what_a_program_writes_that_does_not_know_the_old_name_counts() {
    let (store, old, shop) = world();
    let later = Config::<Later>::new(Arc::clone(&store));
    later.set(Later::SITE_NAME, "a".into()).expect("writes");
    assert_eq!(shop.get(Shop::SITE_NAME).expect("reads"), "a");
    assert!(shop.is_set(Shop::SITE_NAME).expect("reads"));
    shop.update(Shop::SITE_NAME, |was| was + "!").expect("writes");
    agree(&old, &shop, "a!", true);
    assert_eq!(later.get(Later::SITE_NAME).expect("reads"), "a!", "marked or not");
    later.set(Later::SITE_NAME, "b".into()).expect("writes");
    assert_eq!(shop.get(Shop::SITE_NAME).expect("reads"), "b");
    assert_eq!(
        shop.verify().expect("a warning is no error").iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["setting \"site_name\": an old name differs, and a program that does not know it wrote last; \
          set or reset it to have one state"]
    );
    let error = shop.compare_and_set(Shop::SITE_NAME, "a!".into(), "c".into()).expect_err("b is there");
    assert_eq!(error.current::<String>().map(String::as_str), Some("b"));
    shop.compare_and_set(Shop::SITE_NAME, "b".into(), "c".into()).expect("writes");
    agree(&old, &shop, "c", true);
}

#[test]
fn before_the_alias_is_dropped_every_value_is_brought_under_the_new_name() {
    let (store, old, shop) = world();
    let later = Config::<Later>::new(Arc::clone(&store));
    old.set(Old::TITLE, "a".into()).expect("writes");
    assert_eq!(later.get(Later::SITE_NAME).expect("reads"), "My Title", "it would be lost");
    assert_eq!(shop.sync_aliases().expect("writes"), ["site_name"]);
    assert_eq!(stored(&store), [marked("a"), Stored::Value(text("a"))]);
    assert_eq!(later.get(Later::SITE_NAME).expect("reads"), "a");
    assert_eq!(shop.sync_aliases().expect("nothing to do"), [""; 0]);
    old.reset(Old::TITLE).expect("writes");
    assert_eq!(shop.sync_aliases().expect("writes"), ["site_name"]);
    assert_eq!(stored(&store), [Stored::Absent, Stored::Absent]);
    shop.set(Shop::SITE_NAME, "b".into()).expect("writes");
    assert_eq!(later.remove_stale_keys(later.schema().removed()).expect("removes"), ["title"]);
    assert_eq!(later.get(Later::SITE_NAME).expect("reads"), "b");
    store.put(&key("title"), Stored::Foreign("a list"));
    let error = shop.sync_aliases().expect_err("unreadable");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Decode, Some("site_name")));
}

#[test]
fn a_setting_without_an_alias_pays_nothing() {
    let backend = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
    let shop = Config::<Shop>::new(Arc::clone(&backend));
    shop.set(Shop::STOCK, 2).expect("writes");
    shop.get(Shop::STOCK).expect("reads");
    assert_eq!((backend.store_calls(), backend.calls(Method::Write), backend.calls(Method::Visit)), (2, 1, 1));
    assert_eq!(backend.inner().stored(), 1);
}
