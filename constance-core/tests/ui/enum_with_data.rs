use constance_core::SettingEnum;

#[derive(Clone, PartialEq, SettingEnum)]
enum Theme {
    Light,
    Custom(String),
    #[setting(rename = "light")]
    Bright,
    #[setting(alias = " padded", other = 1)]
    Named { colour: u32 },
    #[setting(rename = "")]
    Empty,
}

#[derive(Clone, PartialEq, SettingEnum)]
enum Nothing {}

#[derive(Clone, PartialEq, SettingEnum)]
struct Struct {
    word: String,
}

fn main() {}
