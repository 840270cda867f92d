//! A service that follows Django's settings.
#![allow(clippy::expect_used, dead_code, unreachable_pub)]

use std::sync::Arc;
use std::time::Duration;

use constance_core::{Backend, Config, Json, Live, LiveOptions, Registry, Settings};

#[derive(Debug, Clone, Settings)]
#[settings(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct Shop {
    #[setting(default = 42)]
    pub the_answer: i64,
}

/// What Django stores for 43.
pub const JSON: &str = r#"{"__type__": "default", "__value__": 43}"#;

fn registry() -> Registry {
    Registry::new().with(constance_diesel::schemes())
}

/// The backend that an address names.
pub fn open(url: &str) -> constance_core::Result<Arc<dyn Backend>> {
    registry().open(url)
}

/// A service whose environment has this address in `CONSTANCE_BACKEND`, and nothing else.
pub fn config(url: &str) -> Config<Shop, Json> {
    let vars = |name: &str| Ok((name == "CONSTANCE_BACKEND").then(|| url.to_owned()));
    let builder = Config::<Shop>::builder_from_vars(&registry(), vars).expect("an address that is registered");
    builder.codec(Json::new()).build_typed().expect("a valid declaration")
}

/// What follows by the feed alone: the slow re-read is out of the way.
pub fn live(config: &Config<Shop, Json>) -> Live<Shop> {
    let hours = Duration::from_secs(36_000);
    config.live_with(LiveOptions::new().poll_interval(hours).reread_interval(hours)).expect("a first load")
}

pub fn until_the_answer_is(live: &Live<Shop>, wanted: i64) {
    while live.load().the_answer != wanted {
        assert!(live.wait_for_change(Duration::from_secs(600)), "the feed said nothing");
    }
}
