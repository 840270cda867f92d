//! The settings of a module by themselves.

use std::sync::Arc;
use std::sync::mpsc::channel;

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Config, ConfigView, ErrorKind, LiveView, Setting, Settings,
    backend::{Encoded, Stored},
};

use super::{Login, Mail, Shop, config};

const WHOLE: Setting<Shop, String> = Shop::MAIL.field(Mail::HOST);

#[test]
fn a_module_reads_and_writes_by_its_own_handles() {
    let config = config();
    let mail: ConfigView<Mail> = config.nested(Shop::MAIL);
    let login: ConfigView<Login> = mail.nested(Mail::LOGIN);
    mail.set(Mail::HOST, "a".to_owned()).expect("writes");
    login.set(Login::USER, "admin".to_owned()).expect("writes");
    config.set(Shop::LAST, 7).expect("writes");
    assert_eq!((mail.get(Mail::HOST).expect("reads"), config.get(WHOLE).expect("reads")), ("a".into(), "a".into()));
    assert_eq!(login.get(Login::USER).expect("reads"), "admin");
    assert_eq!(config.snapshot().expect("reads").mail, mail.snapshot().expect("reads"));
    assert_eq!(login.snapshot().expect("reads"), config.snapshot().expect("reads").mail.login);
    assert!(mail.is_set(Mail::HOST).expect("reads"));
    assert!(!mail.is_set(Mail::MOST).expect("reads"));
    mail.reset(Mail::HOST).expect("writes");
    assert_eq!(config.get(WHOLE).expect("reads"), "localhost");
    assert_eq!(mail.update(Mail::FEWEST, |n| n + 1).expect("writes"), 2);
    mail.compare_and_set(Mail::FEWEST, 2, 3).expect("writes");
    let error = mail.compare_and_set(Mail::FEWEST, 2, 4).expect_err("another value");
    assert_eq!(
        (error.kind(), error.setting(), error.current()),
        (ErrorKind::Conflict, Some("mail.fewest"), Some(&3_i64))
    );
    assert_eq!(config.get(Shop::LAST).expect("reads"), 7);
}

#[test]
fn an_update_of_a_module_loses_no_other() {
    let mail = config().nested(Shop::MAIL);
    mail.set(Mail::MOST, 1_000).expect("writes");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..10).for_each(|_| assert!(mail.update(Mail::FEWEST, |n| n + 1).is_ok())));
        }
    });
    assert_eq!(mail.get(Mail::FEWEST).expect("reads"), 21);
}

#[test]
fn a_module_changes_several_as_a_whole() {
    let config = config();
    let mail = config.nested(Shop::MAIL);
    let refused = mail.set(Mail::FEWEST, 11).expect_err("above most");
    assert!(refused.to_string().contains("fewest must not be above most"), "{refused}");
    mail.change().set(Mail::FEWEST, 20).set(Mail::FEWEST, 11).set(Mail::MOST, 12).apply().expect("writes");
    let user = Mail::LOGIN.field(Login::USER);
    let conflict = mail.change().expect(Mail::MOST, 13).set(user, "admin".to_owned()).apply();
    assert_eq!(conflict.expect_err("another value").kind(), ErrorKind::Conflict);
    mail.change().expect(Mail::MOST, 12).set(user, "admin".to_owned()).reset(Mail::FEWEST).apply().expect("writes");
    mail.change().apply().expect("nothing to do");
    let now = config.snapshot().expect("reads").mail;
    assert_eq!((now.fewest, now.most, now.login.user.as_str()), (1, 12, "admin"));
}

#[test]
fn a_module_hears_of_its_own_alone() {
    let config = config();
    let (sender, seen) = channel();
    let of_one = sender.clone();
    let mail = config.nested(Shop::MAIL);
    let one = mail.subscribe_to(Mail::HOST, move |old, new| {
        let _ = of_one.send(format!("{old:?} {new}"));
    });
    let of_login = sender.clone();
    let login = mail.nested(Mail::LOGIN).subscribe(move |event| {
        let new = event.new_value(Login::USER).cloned();
        let _ = of_login.send(format!("{} {new:?}", event.name()));
    });
    let all = mail.subscribe(move |event| {
        let _ = sender.send(event.name().to_owned());
    });
    config.set(Shop::SITE_NAME, "Another".to_owned()).expect("writes");
    config.set(Shop::THE_ANSWER, 43).expect("writes");
    config.set(WHOLE, "a".to_owned()).expect("writes");
    mail.set(Mail::LOGIN.field(Login::USER), "admin".to_owned()).expect("writes");
    drop((one, login, all));
    let expected = ["Some(\"localhost\") a", "host", "user Some(\"admin\")", "login.user"];
    assert_eq!(seen.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_module_follows_its_struct() {
    let config = config();
    let mail: LiveView<Mail> = config.nested(Shop::MAIL).live().expect("a load");
    let login = config.live().expect("a load").nested(Shop::MAIL).nested(Mail::LOGIN);
    assert_eq!((mail.load().host.as_str(), login.load().user.as_str()), ("localhost", "shop"));
    config.set(WHOLE, "a".to_owned()).expect("writes");
    config.set(Shop::MAIL.field(Mail::LOGIN.field(Login::USER)), "admin".to_owned()).expect("writes");
    assert_eq!((mail.load().host.as_str(), login.load().user.as_str()), ("a", "admin"));
    assert_eq!(mail.status().mode, login.status().mode);
    assert!(!format!("{mail:?} {:?} {:?}", login.load(), config.nested(Shop::MAIL)).contains("hunter2"));
}

#[test]
fn what_others_have_unreadable_does_not_concern_a_module() {
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let (mail, log) = (config.nested(Shop::MAIL), config.nested(Shop::LOG));
    let put = |name: &str| {
        let key = config.prefix().key(name).expect("a valid name");
        backend.put(&key, Stored::Value(Encoded::from(&b"rubbish"[..])));
    };
    put("the_answer");
    assert_eq!(mail.snapshot().expect("its own are readable"), Mail::defaults());
    put("mail.login.user");
    let error = mail.snapshot().expect_err("unreadable");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Decode, Some("mail.login.user")));
    assert!(mail.nested(Mail::LOGIN).snapshot().is_err());
    assert!(log.snapshot().expect("its own are readable").is_on);
    assert_eq!(mail.get(Mail::LOGIN.field(Login::USER)).expect_err("unreadable").setting(), Some("mail.login.user"));
}

#[test]
fn a_view_is_subject_to_the_overrides_of_its_handle() {
    let shared = config();
    let test = shared.overrides();
    let mail = test.config().nested(Shop::MAIL);
    let _guard = test.set(WHOLE, "test".to_owned()).expect("a valid value");
    assert_eq!(
        (mail.get(Mail::HOST).expect("reads"), mail.snapshot().expect("reads").host),
        ("test".into(), "test".into())
    );
    assert_eq!(mail.set(Mail::HOST, "a".to_owned()).expect_err("overridden").kind(), ErrorKind::Overridden);
    assert_eq!(mail.live().expect("a load").load().host, "test");
    assert_eq!(shared.nested(Shop::MAIL).get(Mail::HOST).expect("reads"), "localhost");
}

#[test]
fn a_handle_that_is_none_of_the_module_is_refused() {
    const TYPED: Setting<Mail, i64> = Setting::new(0, "host");
    const BEYOND: Setting<Mail, i64> = Setting::new(5, "the_answer");
    let mail = config().nested(Shop::MAIL);
    for setting in [TYPED, BEYOND] {
        assert_eq!(mail.get(setting).expect_err("no such setting").kind(), ErrorKind::UnknownSetting);
        assert_eq!(mail.set(setting, 1).expect_err("no such setting").kind(), ErrorKind::UnknownSetting);
        assert_eq!(mail.change().set(setting, 1).apply().expect_err("no such").kind(), ErrorKind::UnknownSetting);
    }
}

#[test]
fn a_module_alone_is_a_view_too() {
    let mail = Config::<Mail>::new(ReferenceBackend::new()).view();
    mail.set(Mail::HOST, "a".to_owned()).expect("writes");
    assert_eq!(mail.snapshot().expect("reads").host, "a");
}
