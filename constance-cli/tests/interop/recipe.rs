//! The recipes of `docs/django.md`, both sides as they are printed.

use std::error::Error;
use std::time::Duration;

use constance_core::{Config, Json, Settings};
use constance_diesel::{Layout, PostgresBackend};
use constance_redis::RedisBackend;

use super::python::Python;
use super::stores::Store;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/django.md");

#[derive(Debug, Clone, Settings)]
#[settings(rename_all = "SCREAMING_SNAKE_CASE")]
struct Shop {
    #[setting(default = "My Title")]
    site_name: String,
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = Duration::from_secs(1800))]
    basket_timeout: Duration,
    #[setting(default = jiff::civil::date(2030, 12, 24))]
    sale_ends: jiff::civil::Date,
}

#[allow(clippy::print_stdout, reason = "as it is printed")]
fn service(url: &str) -> Result<Config<Shop, Json>, Box<dyn Error>> {
    let backend = RedisBackend::from_url(url)?;
    let config = Config::<Shop>::builder(backend).codec(Json::new()).build()?;
    let live = config.live()?; // follows every save in Django's admin
    println!("{} sells until {}", live.load().site_name, live.load().sale_ends);
    config.set(Shop::THE_ANSWER, 43)?; // Django sees it at its next read
    Ok(config)
}

#[allow(clippy::print_stdout, reason = "as it is printed")]
fn service_over_the_database(url: &str) -> Result<Config<Shop, Json>, Box<dyn Error>> {
    let backend = PostgresBackend::builder().url(url).layout(Layout::Django).build()?;
    backend.migrate()?; // makes nothing: refuses a table that is missing or of another shape
    let config = Config::<Shop>::builder(backend).codec(Json::new()).build()?;
    let live = config.live()?; // follows every save in Django's admin
    println!("{} sells until {}", live.load().site_name, live.load().sale_ends);
    config.set(Shop::THE_ANSWER, 43)?; // Django sees it at its next read
    Ok(config)
}

#[test]
fn this_is_what_is_printed() {
    let page = std::fs::read_to_string(PAGE).expect("the page");
    let code = include_str!("recipe.rs");
    let second = code.find("fn service_over_the_database").expect("a function");
    let (uses, _) = code.split_once("const PAGE").expect("a constant");
    for (place, function) in [(1, &code[..second]), (2, &code[second..])] {
        let printed = page.split("```rust\n").nth(place).and_then(|rest| rest.split("```").next()).expect("a block");
        let mut here = function.lines().map(str::trim);
        for line in printed.replace("\"redis://127.0.0.1:6379/0\"", "url").lines().map(str::trim) {
            let is_use = line.starts_with("use ") && uses.contains(&line.replace(", Json};", ", Json"));
            let is_url = line.starts_with("let url = ");
            let found = line.is_empty() || is_url || is_use || here.any(|here| here == line);
            assert!(found, "not here, or not in this order: {line}");
        }
    }
}

#[test]
fn it_works() {
    it_works_over(Store::redis_server(), |store| service(&store.url()));
}

#[test]
fn it_works_over_the_database() {
    it_works_over(Store::postgres(), |store| service_over_the_database(&store.url()));
}

fn it_works_over(store: Option<Store>, service: impl FnOnce(&Store) -> Result<Config<Shop, Json>, Box<dyn Error>>) {
    let Some(store) = store else { return };
    let Some(mut python) = Python::start_with("CONSTANCE_PYTHON", &store.python_url(), Some(PAGE)) else { return };
    // Django stores its defaults as it reads them.
    for (name, value) in [
        ("SITE_NAME", "'My Title'"),
        ("THE_ANSWER", "42"),
        ("BASKET_TIMEOUT", "datetime.timedelta(seconds=1800)"),
        ("SALE_ENDS", "datetime.date(2030, 12, 24)"),
    ] {
        assert_eq!(python.ask(&format!("config {name}")), value);
    }
    let config = service(&store).expect("the service runs");
    assert_eq!(python.ask("config THE_ANSWER"), "43");
    let shop = config.snapshot().expect("what Django stored is read");
    assert_eq!((shop.site_name.as_str(), shop.basket_timeout), ("My Title", Duration::from_secs(1800)));
    assert!(config.list().expect("lists").iter().all(|entry| entry.is_set));
}
