//! Values that stay as they are, for unit tests of applications.

use std::time::Duration;

use constance_core::{Live, LiveMode, Settings};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

#[test]
fn it_gives_the_values_by_every_handle() {
    let live = Live::fixed(Shop { the_answer: 43, ..Shop::defaults() });
    let wanted = Shop { the_answer: 43, site_name: "My Title".to_owned() };
    assert_eq!(*live.load(), wanted);
    assert_eq!(*live.clone().load(), wanted);
    let mut reader = live.reader();
    drop(live);
    assert_eq!(*reader.load(), wanted);
}

#[test]
fn its_status_is_that_of_values_nobody_follows() {
    let live = Live::fixed(Shop::defaults());
    let status = live.status();
    assert_eq!((status.mode, status.age), (LiveMode::Fixed, Some(Duration::ZERO)));
    assert!(status.last_error.is_none() && status.on_default.is_empty());
    assert_eq!(status.to_string(), "fixed values");
}

#[test]
fn nothing_changes() {
    let live = Live::fixed(Shop::defaults());
    assert!(!live.wait_for_change(Duration::from_millis(1)));
}
