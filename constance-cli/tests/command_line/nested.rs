//! Settings of a nested struct on the command line.

use crate::common::parse;
use constance_core::{Config, Settings};
use constance_memory::MemoryBackend;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(nested)]
    mail: Mail,
}

#[derive(Debug, Clone, Settings)]
struct Mail {
    #[setting(default = "localhost", group = "Mail", alias = "server")]
    host: String,
    #[setting(default = "hunter2", secret)]
    password: String,
}

fn run(config: &Config<Shop>, args: &[&str]) -> String {
    let command = parse(args).expect("complete").command;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    if let Err(error) = command.run_with(config, &mut &b""[..], &mut out) {
        command.report_to(&error, &mut err).expect("a vector takes everything");
    }
    String::from_utf8([out, err].concat()).expect("UTF-8")
}

#[test]
fn they_are_listed_got_set_and_reset_by_their_whole_names() {
    let config = Config::<Shop>::new(MemoryBackend::new());
    let list = run(&config, &["list"]);
    assert!(list.contains("mail.host") && list.contains("mail.password") && !list.contains("hunter2"), "{list}");
    run(&config, &["set", "mail.host", "mail.example.org"]);
    assert_eq!(config.snapshot().expect("reads").mail.host, "mail.example.org");
    assert_eq!(run(&config, &["get", "mail.host"]), "mail.example.org\n");
    assert_eq!(run(&config, &["get", "mail.server"]), "mail.example.org\n");
    run(&config, &["reset", "mail.host"]);
    assert_eq!(config.get(Shop::MAIL.field(Mail::HOST)).expect("reads"), "localhost");
    let unknown = run(&config, &["get", "mail.hosts"]);
    assert!(unknown.contains("did you mean \"mail.host\"?"), "{unknown}");
}
