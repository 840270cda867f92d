//! `live()` and handlers, over settings of a nested struct.

use std::sync::mpsc::channel;

use constance_core::{Live, Settings};

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
