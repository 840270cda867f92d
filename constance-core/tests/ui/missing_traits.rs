use constance_core::{SettingEnum, Settings};

#[derive(Settings)]
struct Shop {
    theme: Option<Theme>,
}

#[derive(SettingEnum)]
enum Theme {
    Light,
}

fn main() {}
