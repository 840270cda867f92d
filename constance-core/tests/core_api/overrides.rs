//! Promise 11: overrides are scoped, never stored, and do not leak between tests that run in parallel.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use constance_core::testing::ReferenceBackend;
use constance_core::{Backend, Config, ErrorKind, Settings};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

fn shop() -> Config<Shop> {
    Config::new(ReferenceBackend::new())
}

#[test]
fn an_override_is_seen_on_every_way_to_read_and_never_stored() {
    let config = shop();
    let test = config.overrides();
    let live = test.live().expect("loads");
    let mut reader = live.reader();
    {
        let _seven = test.set(Shop::THE_ANSWER, 7).expect("accepted");
        assert_eq!(test.get(Shop::THE_ANSWER).expect("reads"), 7);
        assert_eq!(test.get_text("the_answer").expect("reads"), "7");
        assert_eq!(test.snapshot().expect("reads").the_answer, 7);
        assert_eq!(live.load().the_answer, 7);
        assert_eq!(reader.load().the_answer, 7);
        assert_eq!(test.overrides().get(Shop::THE_ANSWER).expect("reads"), 7, "an inner scope sees the outer one");
        assert!(!test.is_set(Shop::THE_ANSWER).expect("reads"));
        assert!(config.backend().list(config.prefix()).expect("lists").is_empty());
    }
    assert_eq!(test.get(Shop::THE_ANSWER).expect("reads"), 42);
    assert_eq!(live.load().the_answer, 42);
    assert_eq!(reader.load().the_answer, 42);
}

#[test]
fn another_handle_of_the_same_config_does_not_see_it() {
    let config = shop();
    let (one, other) = (config.overrides(), config.overrides());
    let _guard = one.set(Shop::THE_ANSWER, 7).expect("accepted");
    assert_eq!(other.get(Shop::THE_ANSWER).expect("reads"), 42);
    assert_eq!(config.get(Shop::THE_ANSWER).expect("reads"), 42);
    assert_eq!(config.live().expect("loads").load().the_answer, 42);
    assert_eq!(other.live().expect("loads").load().the_answer, 42);
    assert_eq!(one.config().clone().live().expect("loads").load().the_answer, 7);
}

#[test]
fn overrides_nest_and_end_in_any_order() {
    let test = shop().overrides();
    let answer = || test.get(Shop::THE_ANSWER).expect("reads");
    let outer = test.set(Shop::THE_ANSWER, 1).expect("accepted");
    let inner = test.set(Shop::THE_ANSWER, 2).expect("accepted");
    assert_eq!(answer(), 2);
    drop(outer);
    assert_eq!(answer(), 2);
    drop(inner);
    assert_eq!(answer(), 42);
    let nested = test
        .with(Shop::THE_ANSWER, 3, || {
            let inside = test.with(Shop::THE_ANSWER, 4, answer).expect("accepted");
            (inside, answer())
        })
        .expect("accepted");
    assert_eq!((nested, answer()), ((4, 3), 42));
}

#[test]
fn an_override_ends_when_the_closure_panics() {
    let test = shop().overrides();
    let run = std::panic::AssertUnwindSafe(|| test.with(Shop::THE_ANSWER, 7, || panic!("the test fails")));
    assert!(std::panic::catch_unwind(run).is_err());
    assert_eq!(test.get(Shop::THE_ANSWER).expect("reads"), 42);
}

#[test]
fn an_override_keeps_to_the_settings_rules() {
    let test = shop().overrides();
    assert_eq!(test.set(Shop::THE_ANSWER, -1).expect_err("refused").kind(), ErrorKind::Invalid);
}

#[test]
fn parallel_tests_over_one_config_do_not_see_each_other() {
    let config = shop();
    let barrier = Arc::new(Barrier::new(8));
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (config, barrier) = (&config, Arc::clone(&barrier));
            scope.spawn(move || {
                let test = config.overrides();
                let live = test.live().expect("loads");
                let _guard = test.set(Shop::THE_ANSWER, n).expect("accepted");
                barrier.wait();
                for _ in 0..200 {
                    assert_eq!(test.get(Shop::THE_ANSWER).expect("reads"), n);
                    assert_eq!(live.load().the_answer, n);
                }
                barrier.wait();
            });
        }
    });
}

#[test]
fn who_waits_for_a_change_hears_of_an_override() {
    let test = shop().overrides();
    let live = test.live().expect("loads");
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            assert!(live.wait_for_change(Duration::from_secs(60)));
            live.load().the_answer
        });
        let _guard = test.set(Shop::THE_ANSWER, 7).expect("accepted");
        assert_eq!(waiter.join().expect("no panic"), 7);
    });
}
