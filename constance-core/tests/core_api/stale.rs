//! What a program does not declare, and what is removed of it.

use std::sync::Arc;

use constance_core::testing::ReferenceBackend;
use constance_core::{Backend, Config, ErrorKind, MessagePack, Schema, Setting, Settings};

/// A service.
#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

/// Its worker, with some of the settings.
#[derive(Debug, Clone, PartialEq, Settings)]
struct Worker {
    #[setting(default = 42)]
    the_answer: i64,
}

/// The service's next version.
#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(removed("site_name", "older"), removed("oldest"))]
struct Next {
    #[setting(default = 42, alias = "answer")]
    the_answer: i64,
}

fn names(backend: &ReferenceBackend, config: &Config<Shop>) -> Vec<String> {
    let mut names: Vec<String> =
        backend.list(config.prefix()).expect("lists").iter().map(|(key, _)| key.name().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_worker_removes_only_what_it_names() {
    let backend = Arc::new(ReferenceBackend::new());
    let shop = Config::<Shop>::new(Arc::clone(&backend));
    let worker = Config::<Worker>::new(Arc::clone(&backend));
    shop.set(Shop::SITE_NAME, "Shop".into()).expect("writes");
    shop.set(Shop::THE_ANSWER, 43).expect("writes");
    assert_eq!(worker.stale_keys().expect("lists"), ["site_name"], "not declared by this program");
    assert_eq!(worker.remove_stale_keys::<&str>([]).expect("nothing is named"), [""; 0]);
    assert_eq!(worker.remove_stale_keys(["gone_already"]).expect("nothing is stored"), [""; 0]);
    assert_eq!(shop.get(Shop::SITE_NAME).expect("reads"), "Shop");
    assert_eq!(names(&backend, &shop), ["site_name", "the_answer"]);
}

#[test]
fn a_version_lists_what_it_gave_up_and_only_that_is_removed() {
    let backend = Arc::new(ReferenceBackend::new());
    let shop = Config::<Shop>::new(Arc::clone(&backend));
    let next = Config::<Next>::new(Arc::clone(&backend));
    shop.change().set(Shop::SITE_NAME, "Shop".into()).set(Shop::THE_ANSWER, 43).apply().expect("writes");
    let key = shop.prefix().key("of_the_worker").expect("a key");
    backend.put(&key, constance_core::backend::Stored::Value(constance_core::backend::Encoded::from(vec![1])));
    assert_eq!(next.schema().removed(), ["site_name", "older", "oldest"]);
    next.snapshot().expect("reads");
    next.set(Next::THE_ANSWER, 44).expect("writes");
    assert_eq!(shop.get(Shop::SITE_NAME).expect("the old version serves on"), "Shop");
    assert_eq!(next.remove_stale_keys(next.schema().removed()).expect("removes"), ["site_name"]);
    assert_eq!(next.stale_keys().expect("lists"), ["of_the_worker"]);
}

#[test]
fn what_this_program_declares_is_refused_and_then_nothing_is_removed() {
    let backend = Arc::new(ReferenceBackend::new());
    let shop = Config::<Shop>::new(Arc::clone(&backend));
    let next = Config::<Next>::new(Arc::clone(&backend));
    shop.set(Shop::SITE_NAME, "Shop".into()).expect("writes");
    for (name, text) in [
        ("the_answer", "setting \"the_answer\": this program declares it; reset it instead"),
        (
            "answer",
            "setting \"answer\": it is an old name of \"the_answer\"; \
             drop the alias first, when no program that knows the old name runs any more",
        ),
        ("hunter2 secret", "one of the names to remove cannot be the name of a setting"),
    ] {
        let error = next.remove_stale_keys(["site_name", name]).expect_err("refused");
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Invalid, text));
    }
    assert_eq!(shop.get(Shop::SITE_NAME).expect("reads"), "Shop");
}

#[test]
fn a_setting_that_was_given_up_is_answered_so() {
    let config = Config::<Next>::new(ReferenceBackend::new());
    assert_eq!(
        config.get_text("site_name").expect_err("given up").to_string(),
        "setting \"site_name\": this version of the program does not have it any more"
    );
}

#[test]
fn without_the_macro_a_removed_name_that_is_declared_is_a_wrong_schema() {
    #[derive(Clone)]
    struct ByHand {
        answer: i64,
    }
    impl Settings for ByHand {
        fn defaults() -> Self {
            Self { answer: 42 }
        }

        fn schema<C: constance_core::Codec>() -> constance_core::Result<Schema<Self, C>> {
            const ANSWER: Setting<ByHand, i64> = Setting::new(0, "answer");
            Schema::builder(Self::defaults())
                .removed("old")
                .removed("answer")
                .setting(constance_core::Declaration::new(ANSWER, |s| &s.answer, |s, v| s.answer = v))
                .build()
        }
    }
    let error = ByHand::schema::<MessagePack>().expect_err("a contradiction");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.to_string(), "setting \"answer\": it is declared, and listed as removed");
}
