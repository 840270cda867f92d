//! The words of errors are part of what users rely on.

use std::sync::Arc;

use super::{Action, Error, ErrorKind};

fn full(kind: ErrorKind) -> Error {
    Error::new(kind).with_action(Action::Read).with_setting("theme").with_backend("redis")
}

#[test]
fn the_text_of_every_kind_is_pinned() {
    let texts = [
        (ErrorKind::Unavailable, "the store is unavailable"),
        (ErrorKind::Timeout, "the store did not answer in time"),
        (ErrorKind::Denied, "the store denied access"),
        (ErrorKind::Decode, "the stored value is unreadable"),
        (ErrorKind::Encode, "the value cannot be encoded"),
        (ErrorKind::Invalid, "the value is not accepted"),
        (ErrorKind::UnknownSetting, "there is no such setting"),
        (ErrorKind::Conflict, "the stored value was changed by another writer"),
        (ErrorKind::Overridden, "an override is in force for it in this handle"),
        (ErrorKind::Pinned, "it is pinned and cannot be changed here"),
        (ErrorKind::NotMigrated, "the tables do not exist"),
        (ErrorKind::Unsupported, "the backend does not support this"),
        (ErrorKind::Configuration, "the configuration is wrong"),
        (ErrorKind::Contract, "the backend broke its contract"),
    ];
    for (kind, text) in texts {
        assert_eq!(full(kind).to_string(), format!("cannot read setting \"theme\" from redis: {text}"));
        assert_eq!(Error::new(kind).to_string(), text);
    }
}

#[test]
fn the_head_says_what_was_being_done() {
    let of = |action| Error::new(ErrorKind::Timeout).with_action(action).with_backend("redis").to_string();
    let tail = "the store did not answer in time";
    assert_eq!(of(Action::Read), format!("cannot read settings from redis: {tail}"));
    assert_eq!(of(Action::Write), format!("cannot write settings to redis: {tail}"));
    assert_eq!(of(Action::List), format!("cannot list the settings in redis: {tail}"));
    assert_eq!(of(Action::Watch), format!("cannot watch redis: {tail}"));
    assert_eq!(of(Action::Ping), format!("cannot reach redis: {tail}"));
    assert_eq!(of(Action::Migrate), format!("cannot migrate redis: {tail}"));
    let bare = Error::new(ErrorKind::Invalid).with_setting("port").with_detail("must be at most 9");
    assert_eq!(bare.to_string(), "setting \"port\": must be at most 9");
}

#[test]
fn the_hint_comes_last() {
    let error = full(ErrorKind::NotMigrated).with_hint("run DieselBackend::migrate");
    assert_eq!(
        error.to_string(),
        "cannot read setting \"theme\" from redis: the tables do not exist; run DieselBackend::migrate"
    );
}

#[test]
fn several_errors_name_every_setting() {
    let one = |name| Error::new(ErrorKind::Decode).with_action(Action::Read).with_setting(name).with_backend("b");
    let all = Error::several(vec![one("x"), one("y")]).expect("two errors");
    assert_eq!(
        all.to_string(),
        "cannot read settings \"x\", \"y\" from b: \"x\": the stored value is unreadable; \"y\": the stored value is unreadable"
    );
    assert_eq!(all.each().filter_map(Error::setting).collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(one("x").each().count(), 1);
}

#[test]
fn several_errors_say_each_next_step_once_behind_what_it_is_for() {
    let one = |name, hint: &'static str| {
        let error = Error::new(ErrorKind::Invalid).with_setting(name).with_detail("it is wrong");
        if hint.is_empty() { error } else { error.with_hint(hint) }
    };
    let several = |of: &[(&'static str, &'static str)]| {
        let errors = of.iter().map(|(name, hint)| one(*name, hint)).collect();
        Error::several(errors).expect("errors").to_string()
    };
    let head = "settings \"x\", \"y\", \"z\": ";
    assert_eq!(
        several(&[("x", "set it"), ("y", "set it"), ("z", "ask")]),
        format!("{head}\"x\": it is wrong; \"y\": it is wrong; set it; \"z\": it is wrong; ask")
    );
    assert_eq!(
        several(&[("x", "set it"), ("y", ""), ("z", "")]),
        format!("{head}\"x\": it is wrong; set it; \"y\": it is wrong; \"z\": it is wrong")
    );
    assert_eq!(
        several(&[("x", "set it"), ("y", "set it"), ("z", "set it")]),
        format!("{head}\"x\": it is wrong; \"y\": it is wrong; \"z\": it is wrong; set it")
    );
}

#[test]
fn an_error_is_one_pointer_wide() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn a_conflict_carries_its_value_but_does_not_show_it() {
    let error = full(ErrorKind::Conflict).with_current(Arc::new(String::from("hunter2")));
    assert_eq!(error.current::<String>().map(String::as_str), Some("hunter2"));
    assert_eq!(error.current::<i64>(), None);
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}
