//! `live()` and handlers, over settings of a nested struct.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use constance_core::testing::{FaultyBackend, ReferenceBackend};
use constance_core::{Config, ErrorKind, Live, LiveOptions, Settings};

use super::{Login, Mail, Shop, config};

#[test]
fn live_has_them_in_their_struct() {
    let config = config();
    let live = config.live().expect("a load");
    assert_eq!(live.load().mail.host, "localhost");
    config.set(Shop::MAIL.field(Mail::HOST), "a".to_owned()).expect("writes");
    config.set(Shop::MAIL.field(Mail::LOGIN.field(Login::USER)), "admin".to_owned()).expect("writes");
    assert_eq!((live.load().mail.host.as_str(), live.load().mail.login.user.as_str()), ("a", "admin"));
    let values = Shop { mail: Mail { host: "fixed".into(), ..Mail::defaults() }, ..Shop::defaults() };
    assert_eq!(Live::fixed(values).load().mail.host, "fixed");
}

#[test]
fn handlers_hear_of_them_by_their_handles() {
    let config = config();
    let (sender, seen) = channel();
    let of_one = sender.clone();
    let one = config.subscribe_to(Shop::MAIL.field(Mail::FEWEST), move |old, new| {
        let _ = of_one.send(format!("{old:?} {new}"));
    });
    let all = config.subscribe(move |event| {
        let is_host = event.is_of(Shop::MAIL.field(Mail::HOST));
        let _ = sender.send(format!("{} {is_host}", event.name()));
    });
    config.set(Shop::MAIL.field(Mail::HOST), "a".to_owned()).expect("writes");
    config.set(Shop::MAIL.field(Mail::FEWEST), 2).expect("writes");
    drop((one, all));
    assert_eq!(seen.iter().collect::<Vec<_>>(), ["mail.host true", "Some(1) 2", "mail.fewest false"]);
}

#[test]
fn they_are_among_the_last_good_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("last-good");
    let store = Arc::new(FaultyBackend::new(Arc::new(ReferenceBackend::new())));
    let config = || Config::<Shop>::new(Arc::clone(&store));
    let start = |config: Config<Shop>| config.live_with(LiveOptions::new().last_good(&file)).expect("a start");
    config().set(Shop::MAIL.field(Mail::HOST), "a".to_owned()).expect("writes");
    let live = start(config());
    let deadline = Instant::now() + Duration::from_secs(60);
    while !file.exists() {
        assert!(Instant::now() < deadline, "{}", live.status());
        std::thread::yield_now();
    }
    drop(live);
    store.fail_all(ErrorKind::Unavailable);
    let live = start(config());
    assert!(live.status().from_last_good);
    assert_eq!(live.load().mail, Mail { host: "a".into(), ..Mail::defaults() });
}
