//! What a struct of settings says of those nested in it.

use constance_core::{ErrorKind, Kind, MessagePack, Settings};

use super::{Log, Login, Mail, Shop};

#[test]
fn handles_have_the_joined_names_and_the_places_of_the_whole_struct() {
    const HOST: constance_core::Setting<Shop, String> = Shop::MAIL.field(Mail::HOST);
    const PASSWORD: constance_core::Setting<Shop, String> = Shop::MAIL.field(Mail::LOGIN.field(Login::PASSWORD));
    let names = [
        "site_name",
        "mail.host",
        "mail.login.user",
        "mail.login.password",
        "mail.fewest",
        "mail.most",
        "the_answer",
        "log-file.is-on",
        "last",
    ];
    assert_eq!(Shop::NAMES, names);
    let schema = Shop::schema::<MessagePack>().expect("a schema");
    assert_eq!(schema.settings().map(|info| info.name).collect::<Vec<_>>(), names);
    assert_eq!((HOST.name(), HOST.index()), ("mail.host", 1));
    assert_eq!((PASSWORD.name(), PASSWORD.index()), ("mail.login.password", 3));
    assert_eq!((Shop::THE_ANSWER.index(), Shop::LAST.index()), (6, 8));
    assert_eq!(Shop::LOG.field(Log::IS_ON).index(), 7);
    assert_eq!((Shop::MAIL.name(), Shop::MAIL.index()), ("mail", 1));
    assert_eq!(Shop::MAIL.of(&Shop::defaults()).host, "localhost");
}

#[test]
fn what_is_declared_of_them_holds() {
    let schema = Shop::schema::<MessagePack>().expect("a schema");
    let host = schema.find("mail.host").expect("declared");
    assert_eq!((host.help, host.group, host.default_text.as_str()), ("Where mail goes out", Some("Mail"), "localhost"));
    assert_eq!((host.aliases.as_slice(), &host.kind), (["mail.server"].as_slice(), &Kind::Text));
    assert_eq!(schema.find("mail.server").expect("an old name").name, "mail.host");
    assert_eq!(schema.find("mail.fewest").expect("declared").min.as_deref(), Some("0"));
    assert_eq!(schema.find("mail.login.user").expect("declared").choices, ["shop", "admin"]);
    assert!(schema.find("mail.login.password").expect("declared").secret);
    assert_eq!(schema.removed(), ["mail.relay"]);
    let error = schema.find("mail.hots").expect_err("no such setting");
    assert_eq!(error.kind(), ErrorKind::UnknownSetting);
    assert!(error.to_string().contains("did you mean \"mail.host\"?"), "{error}");
}

#[test]
fn the_struct_alone_is_as_it_was() {
    let schema = Mail::schema::<MessagePack>().expect("a schema");
    assert_eq!(schema.find("host").expect("declared").aliases, ["server"]);
    assert_eq!(Mail::HOST.name(), "host");
}
