//! The typed front over SQLite, as a service uses it.

use std::time::Duration;

use constance_core::{Config, ErrorKind, LiveOptions, Settings};
use constance_diesel::SqliteBackend;

use crate::common::Folder;

/// Settings of a shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// Website title
    #[setting(default = "My Title")]
    site_name: String,
    /// How many baskets are kept
    #[setting(default = 42, min = 0)]
    baskets: i64,
}

fn config(folder: &Folder) -> Config<Shop> {
    Config::new(SqliteBackend::from_url(&folder.url()).expect("a valid URL"))
}

#[test]
fn a_service_follows_what_another_sets() {
    let folder = Folder::new();
    folder.backend();
    let (service, operator) = (config(&folder), config(&folder));
    // The slow re-read is out of the way: what is seen came through the feed.
    let hours = Duration::from_secs(36_000);
    let live = service.live_with(LiveOptions::new().poll_interval(hours).reread_interval(hours)).expect("a load");
    assert_eq!(live.load().baskets, 42);
    operator.set(Shop::BASKETS, 43).expect("a set");
    while live.load().baskets != 43 {
        assert!(live.wait_for_change(Duration::from_secs(600)), "the feed said nothing");
    }
    operator.change().set(Shop::BASKETS, 44).set(Shop::SITE_NAME, "Corner".to_owned()).apply().expect("a change set");
    while live.load().baskets != 44 {
        assert!(live.wait_for_change(Duration::from_secs(600)), "the feed said nothing");
    }
    assert_eq!(live.load().site_name, "Corner", "a change set is seen as a whole");
}

#[test]
fn an_unmigrated_store_is_an_error_and_not_the_defaults() {
    let folder = Folder::new();
    let config = config(&folder);
    for error in [
        config.get(Shop::BASKETS).map(drop).expect_err("a get"),
        config.snapshot().map(drop).expect_err("a snapshot"),
        config.set(Shop::BASKETS, 1).expect_err("a set"),
        config.live().map(drop).expect_err("a first load"),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotMigrated, "{error}");
    }
    let error = config.get(Shop::BASKETS).expect_err("a get");
    assert_eq!(
        error.to_string(),
        format!(
            "cannot read setting \"baskets\" from sqlite at {}: the database file does not exist; \
             run the `migrate` command, or call DieselBackend::migrate",
            folder.file().display()
        )
    );
    config.migrate().expect("tables");
    assert_eq!(config.get(Shop::BASKETS).expect("a get"), 42);
}
