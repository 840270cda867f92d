//! A setting that was renamed, on one server and on a cluster, whose nodes cannot write two keys in one step.

use constance_core::{Backend, Config, Prefix, Settings};

use crate::common::{Server, long_timeouts};

#[derive(Debug, Clone, Settings)]
struct Old {
    #[setting(default = "My Title")]
    title: String,
}

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = "My Title", alias = "title")]
    site_name: String,
}

fn hear_each_other(backend: &dyn Backend, prefix: &Prefix) -> Vec<String> {
    let old = Config::<Old>::builder(backend).prefix(prefix.clone()).build_typed().expect("a config");
    let shop = Config::<Shop>::builder(backend).prefix(prefix.clone()).build_typed().expect("a config");
    let agree = |value: &str| {
        assert_eq!(old.get(Old::TITLE).expect("a read"), value);
        assert_eq!(shop.get(Shop::SITE_NAME).expect("a read"), value);
    };
    shop.set(Shop::SITE_NAME, "a".into()).expect("a write");
    agree("a");
    old.set(Old::TITLE, "b".into()).expect("a write");
    agree("b");
    shop.compare_and_set(Shop::SITE_NAME, "a".into(), "c".into()).expect_err("b is there");
    shop.compare_and_set(Shop::SITE_NAME, "b".into(), "c".into()).expect("a write");
    agree("c");
    old.reset(Old::TITLE).expect("a write");
    agree("My Title");
    assert_eq!(shop.update(Shop::SITE_NAME, |was| was + "!").expect("a write"), "My Title!");
    agree("My Title!");
    let warnings = shop.verify().expect("it works").into_iter().map(|warning| warning.to_string());
    let warnings = warnings.filter(|words| words.contains("old name")).collect();
    shop.reset(Shop::SITE_NAME).expect("a write");
    agree("My Title");
    assert!(backend.list(prefix).expect("a listing").is_empty());
    warnings
}

#[test]
fn both_versions_hear_each_other() {
    let Some(server) = Server::start() else { return };
    let backend = long_timeouts(&server.url());
    assert_eq!(hear_each_other(&backend, &backend.default_prefix()), [""; 0]);
}

#[cfg(feature = "cluster")]
#[test]
fn on_a_cluster_too_and_without_a_hash_tag_that_is_said() {
    let Some(cluster) = crate::common::cluster::Cluster::start(false) else { return };
    let backend = long_timeouts(&cluster.url());
    let said = hear_each_other(&backend, &backend.default_prefix());
    assert_eq!(
        said,
        ["settings that have old names cannot be written under all of them in one step; \
          on Redis Cluster, choose a prefix with a hash tag, such as {constance}:"]
    );
    assert_eq!(hear_each_other(&backend, &Prefix::new("{constance}:").expect("a prefix")), [""; 0]);
}
