//! The typed front over Redis, as a service uses it.

use std::time::Duration;

use constance_core::{Backend, Config, ErrorKind, Live, LiveOptions, Settings, backend::Stored};
use constance_redis::redis::cmd;

use crate::common::{Server, backend, key};

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

const LONG: Duration = Duration::from_secs(600);

fn config(server: &Server) -> Config<Shop> {
    Config::new(backend(server))
}

/// Without the slow re-read: every change comes through the feed.
fn live(config: &Config<Shop>) -> Live<Shop> {
    let hours = Duration::from_secs(36_000);
    config.live_with(LiveOptions::new().poll_interval(hours).reread_interval(hours)).expect("a load")
}

#[track_caller]
fn until(live: &Live<Shop>, seen: impl Fn(&Shop) -> bool) {
    while !seen(&live.load()) {
        assert!(live.wait_for_change(LONG), "the feed said nothing");
    }
}

#[test]
fn a_service_follows_what_another_sets() {
    let Some(server) = Server::start() else { return };
    let (service, operator) = (config(&server), config(&server));
    let live = live(&service);
    assert_eq!(live.load().baskets, 42);
    operator.set(Shop::BASKETS, 43).expect("a set");
    until(&live, |shop| shop.baskets == 43);
    operator.change().set(Shop::BASKETS, 44).set(Shop::SITE_NAME, "Corner".to_owned()).apply().expect("a change set");
    until(&live, |shop| shop.baskets == 44);
    assert_eq!(live.load().site_name, "Corner", "a change set is seen as a whole");
    operator.reset(Shop::BASKETS).expect("a reset");
    until(&live, |shop| shop.baskets == 42);
}

#[test]
fn a_service_sees_what_a_foreign_client_writes() {
    let Some(server) = Server::start() else { return };
    let (service, mut raw) = (config(&server), server.raw());
    let live = live(&service);
    // The bytes of a value, put back by somebody who knows nothing of settings.
    service.set(Shop::BASKETS, 7).expect("a set");
    let bytes: Vec<u8> = cmd("GET").arg("constance:baskets").query(&mut raw).expect("the value");
    service.reset(Shop::BASKETS).expect("a reset");
    cmd("SET").arg("constance:baskets").arg(bytes).exec(&mut raw).expect("a foreign write");
    until(&live, |shop| shop.baskets == 7);
    cmd("FLUSHDB").exec(&mut raw).expect("a flush");
    until(&live, |shop| shop.baskets == 42);
}

#[test]
fn a_service_outlives_the_server_and_catches_up() {
    let Some(mut server) = Server::start() else { return };
    let service = config(&server);
    service.set(Shop::BASKETS, 43).expect("a set");
    let live = live(&service);
    server.kill();
    assert_eq!(live.load().baskets, 43, "the last good values");
    assert_eq!(service.get(Shop::BASKETS).expect_err("an outage is no default").kind(), ErrorKind::Unavailable);
    server.restart();
    config(&server).set(Shop::BASKETS, 44).expect("a set");
    until(&live, |shop| shop.baskets == 44);
}

#[test]
fn a_list_under_a_setting_hides_no_other_and_is_repaired() {
    let Some(server) = Server::start() else { return };
    let config = config(&server);
    config.set(Shop::SITE_NAME, "Corner".to_owned()).expect("a set");
    cmd("RPUSH").arg("constance:baskets").arg("hunter2").exec(&mut server.raw()).expect("a list");
    let error = config.get(Shop::BASKETS).expect_err("a list is no number");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(config.get(Shop::SITE_NAME).expect("the other one"), "Corner");
    let error = config.snapshot().map(drop).expect_err("one is unreadable");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Decode, Some("baskets")), "{error}");
    config.set(Shop::BASKETS, 1).expect("a repair");
    assert_eq!(config.get(Shop::BASKETS).expect("repaired"), 1);
    cmd("DEL").arg("constance:baskets").exec(&mut server.raw()).expect("a removal");
    cmd("RPUSH").arg("constance:baskets").arg("hunter2").exec(&mut server.raw()).expect("a list");
    config.reset(Shop::BASKETS).expect("a repair");
    assert_eq!(backend(&server).read(&[&key("baskets")]).expect("a read"), [Stored::Absent]);
}
