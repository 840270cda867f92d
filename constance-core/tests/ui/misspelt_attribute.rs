use constance_core::{Config, SettingEnum, Settings};

/// One error for the word, and none for what uses the struct.
#[derive(Clone, Settings)]
struct Shop {
    #[setting(defualt = 42, min = 0)]
    the_answer: i64,
    #[setting(default = "My Title", grup = "General")]
    site_name: String,
    #[setting(default)]
    theme: Theme,
}

#[derive(Clone, PartialEq, Default, SettingEnum)]
#[setting(rename_al = "kebab-case")]
enum Theme {
    #[default]
    Light,
    VeryDark,
}

fn read(config: &Config<Shop>) -> constance_core::Result<(i64, String, Theme)> {
    let live = config.live()?;
    let shop: &Shop = &live.load();
    Ok((config.get(Shop::THE_ANSWER)?, shop.site_name.clone(), config.get(Shop::THEME)?))
}

fn main() {}
