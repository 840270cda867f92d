//! Base values and pins: an operator sees where a value comes from.

use std::sync::Arc;

use constance_core::{Base, Config, Pins, Settings};
use constance_memory::MemoryBackend;

use crate::common::run;

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 20)]
    page_size: i64,
    #[setting(default = "light")]
    theme: String,
    #[setting(secret)]
    api_key: Option<String>,
}

/// A store in which somebody has set the theme, and a process that pins it.
fn pinned() -> Config<Shop> {
    let store = Arc::new(MemoryBackend::new());
    Config::<Shop>::new(Arc::clone(&store)).set(Shop::THEME, "blue".to_owned()).expect("not pinned there");
    let base = Base::new().variables("SHOP_BASE_", [("SHOP_BASE_PAGE_SIZE", "50")]);
    let pins = [("SHOP_PIN_THEME", "dark"), ("SHOP_PIN_API_KEY", "hunter2")];
    Config::<Shop>::builder(store).base(base).pin(Pins::new().variables("SHOP_PIN_", pins)).build().expect("builds")
}

#[test]
fn a_listing_says_where_each_value_comes_from() {
    let out = run(&pinned(), &["list"], b"").out;
    for line in [
        "page_size  50        default from the variable SHOP_BASE_PAGE_SIZE\n",
        "theme      dark      pinned by the variable SHOP_PIN_THEME; what is stored is hidden\n",
        "api_key    ********  pinned by the variable SHOP_PIN_API_KEY\n",
    ] {
        assert!(out.contains(line), "{out}");
    }
    assert!(!out.contains("hunter2"), "{out}");

    let out = run(&pinned(), &["list", "--json"], b"").out;
    let listed: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let source = |at: usize| (listed[at]["source"].as_str(), listed[at]["source_name"].as_str());
    assert_eq!(source(0), (Some("base_env"), Some("SHOP_BASE_PAGE_SIZE")));
    assert_eq!(source(1), (Some("pinned_env"), Some("SHOP_PIN_THEME")));
    assert!(!out.contains("hunter2"), "{out}");
}

#[test]
fn a_pinned_setting_is_refused_by_name_and_a_reset_goes_back_to_the_base() {
    let config = pinned();
    for arguments in [&["set", "theme", "red"][..], &["reset", "theme"][..]] {
        let (code, message) = run(&config, arguments, b"").failed();
        assert_eq!(code, 1);
        assert!(message.contains("\"theme\"") && message.contains("SHOP_PIN_THEME"), "{message}");
    }
    assert_eq!(run(&config, &["set", "page_size", "60"], b"").out, "page_size: 50 -> 60\n");
    assert_eq!(run(&config, &["reset", "page_size"], b"").out, "page_size: 60 -> 50 (default)\n");
}
