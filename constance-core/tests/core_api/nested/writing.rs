//! Reading and writing settings of a nested struct.

use std::sync::Arc;

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Config, ErrorKind, Setting, Settings,
    backend::{Encoded, Stored},
};

use super::{Login, Mail, Shop, config};

const HOST: Setting<Shop, String> = Shop::MAIL.field(Mail::HOST);
const USER: Setting<Shop, String> = Shop::MAIL.field(Mail::LOGIN.field(Login::USER));
const PASSWORD: Setting<Shop, String> = Shop::MAIL.field(Mail::LOGIN.field(Login::PASSWORD));
const FEWEST: Setting<Shop, i64> = Shop::MAIL.field(Mail::FEWEST);

#[test]
fn they_are_got_set_and_reset_as_any_other() {
    let config = config();
    assert_eq!(config.get(HOST).expect("reads"), "localhost");
    config.set(HOST, "mail.example.org".to_owned()).expect("writes");
    config.set(USER, "admin".to_owned()).expect("writes");
    assert_eq!(config.get(HOST).expect("reads"), "mail.example.org");
    let snapshot = config.snapshot().expect("reads");
    assert_eq!((snapshot.mail.host.as_str(), snapshot.mail.login.user.as_str()), ("mail.example.org", "admin"));
    assert_eq!((snapshot.the_answer, snapshot.last, snapshot.log.is_on), (42, 1, true));
    assert!(config.is_set(HOST).expect("reads"));
    config.reset(HOST).expect("writes");
    assert_eq!(config.get(HOST).expect("reads"), "localhost");
    assert_eq!(config.update(FEWEST, |n| n + 1).expect("writes"), 2);
    config.compare_and_set(FEWEST, 2, 3).expect("writes");
    let error = config.compare_and_set(FEWEST, 2, 4).expect_err("another value");
    assert_eq!(
        (error.kind(), error.setting(), error.current()),
        (ErrorKind::Conflict, Some("mail.fewest"), Some(&3_i64))
    );
}

#[test]
fn a_change_set_takes_them_with_others() {
    let config = config();
    config
        .change()
        .set(HOST, "a".to_owned())
        .set(Shop::THE_ANSWER, 43)
        .set(USER, "admin".to_owned())
        .apply()
        .expect("writes");
    config.change().expect(HOST, "a".to_owned()).reset(USER).apply().expect("writes");
    let snapshot = config.snapshot().expect("reads");
    assert_eq!(
        (snapshot.mail.host.as_str(), snapshot.the_answer, snapshot.mail.login.user.as_str()),
        ("a", 43, "shop")
    );
    let refused = config.change().expect(HOST, "b".to_owned()).set(Shop::THE_ANSWER, 44).apply();
    assert_eq!(refused.expect_err("another value").setting(), Some("mail.host"));
}

#[test]
fn a_tool_finds_them_by_their_names() {
    let config = config();
    config.set_text("mail.login.user", "admin").expect("writes");
    assert_eq!(config.get_text("mail.login.user").expect("reads"), "admin");
    assert_eq!(config.get(USER).expect("reads"), "admin");
    assert!(config.list().expect("reads").iter().any(|entry| entry.info.name == "mail.login.user"));
    config.reset_name("mail.login.user").expect("writes");
    assert!(!config.is_set(USER).expect("reads"));
}

#[test]
fn errors_name_the_whole_name_and_no_secret() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let error = config.set(FEWEST, -1).expect_err("below its bound");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Invalid, Some("mail.fewest")));
    let error = config.set(USER, "nobody".to_owned()).expect_err("no choice");
    assert_eq!(error.setting(), Some("mail.login.user"));
    for (name, setting) in [("mail.host", HOST), ("mail.login.password", PASSWORD)] {
        let key = config.prefix().key(name).expect("a valid name");
        backend.put(&key, Stored::Value(Encoded::from(&b"rubbish"[..])));
        let error = config.get(setting).expect_err("unreadable");
        assert_eq!((error.kind(), error.setting()), (ErrorKind::Decode, Some(name)));
    }
    let read = config.read_all().expect("reads");
    assert_eq!(read.values, Shop::defaults());
    assert_eq!(
        read.unreadable.iter().filter_map(|e| e.setting()).collect::<Vec<_>>(),
        ["mail.host", "mail.login.password"]
    );
    assert!(!format!("{:?}", config.schema().find("mail.login.password")).contains("hunter2"));
}

#[test]
fn old_names_are_read_and_written_under_the_name_of_the_field() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    #[derive(Clone, Settings)]
    struct Before {
        #[setting(nested)]
        mail: MailBefore,
    }
    #[derive(Clone, Settings)]
    struct MailBefore {
        #[setting(default = "localhost")]
        server: String,
    }
    let before = Config::<Before>::new(backend);
    before.set(Before::MAIL.field(MailBefore::SERVER), "old".to_owned()).expect("writes");
    assert_eq!(config.get(HOST).expect("reads"), "old");
    config.set(HOST, "new".to_owned()).expect("writes");
    assert_eq!(before.snapshot().expect("reads").mail.server, "new");
    config.reset(HOST).expect("writes");
    assert_eq!(before.snapshot().expect("reads").mail.server, "localhost");
}

#[test]
fn what_a_nested_struct_gave_up_is_stale_under_the_name_of_the_field() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    config.set(HOST, "kept".to_owned()).expect("writes");
    for name in ["mail.relay", "relay"] {
        let key = config.prefix().key(name).expect("a valid name");
        backend.put(&key, Stored::Value(Encoded::from(&b"rubbish"[..])));
    }
    let stale = config.stale_keys().expect("reads");
    assert_eq!(stale.len(), 2, "{stale:?}");
    config.remove_stale_keys(config.schema().removed()).expect("removes");
    assert_eq!(config.stale_keys().expect("reads").len(), 1);
    assert_eq!(config.get(HOST).expect("reads"), "kept");
}

#[test]
fn a_test_overrides_them() {
    let config = config();
    let overrides = config.overrides();
    let shown = overrides.config();
    let guard = overrides.set(HOST, "test".to_owned()).expect("a valid value");
    assert_eq!(shown.get(HOST).expect("reads"), "test");
    assert_eq!(shown.snapshot().expect("reads").mail.host, "test");
    assert_eq!(config.get(HOST).expect("reads"), "localhost");
    drop(guard);
    assert_eq!(shown.get(HOST).expect("reads"), "localhost");
}

#[test]
fn a_handle_of_another_struct_is_not_found() {
    const WRONG: Setting<Mail, String> = Setting::new(0, "most");
    const BEYOND: Setting<Mail, String> = Setting::new(99, "beyond");
    let config = config();
    for (setting, name) in [(WRONG, "mail.host"), (BEYOND, "beyond")] {
        let named = Shop::MAIL.field(setting);
        assert_eq!(named.name(), name);
    }
    let error = config.get(Shop::MAIL.field(BEYOND)).expect_err("no such setting");
    assert_eq!(error.kind(), ErrorKind::UnknownSetting);
    const TYPED: Setting<Mail, i64> = Setting::new(0, "host");
    assert_eq!(config.get(Shop::MAIL.field(TYPED)).expect_err("another type").kind(), ErrorKind::UnknownSetting);
}
