//! Enums of plain words.

use constance_core::{Codec, Kind, MessagePack, SettingEnum, SettingType, Settings};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, SettingEnum)]
enum Theme {
    #[default]
    Light,
    VeryDark,
    #[setting(rename = "High Contrast", alias = "contrast")]
    #[setting(alias = "hc")]
    Contrast,
    r#Auto = 7,
}

#[test]
fn the_kind_lists_the_words() {
    assert_eq!(Theme::KIND, Kind::Choice(&["light", "very_dark", "High Contrast", "auto"]));
}

#[test]
fn what_is_printed_is_read() {
    for theme in [Theme::Light, Theme::VeryDark, Theme::Contrast, Theme::Auto] {
        assert_eq!(Theme::parse(&theme.print()), Ok(theme));
    }
    assert_eq!(Theme::Contrast.print(), "High Contrast");
}

#[test]
fn people_may_write_aliases_and_any_case() {
    assert_eq!(Theme::parse(" VERY_Dark\n"), Ok(Theme::VeryDark));
    assert_eq!(Theme::parse("contrast"), Ok(Theme::Contrast));
    assert_eq!(Theme::parse("HC"), Ok(Theme::Contrast));
}

#[test]
fn the_exact_word_comes_before_any_other_case() {
    #[derive(Debug, Clone, PartialEq, SettingEnum)]
    #[setting(rename_all = "lowercase")]
    enum Size {
        M,
        #[setting(rename = "M")]
        Mega,
    }
    assert_eq!(Size::parse("m"), Ok(Size::M));
    assert_eq!(Size::parse("M"), Ok(Size::Mega));
}

#[test]
fn what_is_wrong_is_said_without_the_text() {
    let words = "this is not one of light, very_dark, High Contrast, auto";
    assert_eq!(Theme::parse("hunter2").expect_err("no word").to_string(), words);

    let refusal = |result: Result<Theme, ValueError>| result.expect_err("no word").to_string();
    assert_eq!(refusal(Theme::deserialize("hunter2".into_deserializer())), words);
    assert_eq!(refusal(Theme::deserialize('h'.into_deserializer())), words);
    assert_eq!(refusal(Theme::deserialize(12_345_u64.into_deserializer())), words);
    assert_eq!(refusal(Theme::deserialize((-12_345_i16).into_deserializer())), words);
    assert_eq!(refusal(Theme::deserialize(12_345_i128.into_deserializer())), words);
    assert_eq!(refusal(Theme::deserialize(12_345_u128.into_deserializer())), words);
    assert_eq!(refusal(Theme::deserialize(1.25_f32.into_deserializer())), words);
    assert_eq!(refusal(Theme::deserialize(true.into_deserializer())), words);
}

#[test]
fn the_stored_form_is_the_word() {
    let stored = MessagePack.encode(&Theme::KIND, &Theme::Contrast).expect("encodable");
    let word = MessagePack.encode(&Kind::Text, "High Contrast").expect("encodable");
    assert_eq!(stored, word);
    assert_eq!(MessagePack.decode::<Theme>(&Theme::KIND, word.as_bytes()).expect("decodable"), Theme::Contrast);
}

#[test]
fn an_alias_is_read_and_never_written() {
    let old = MessagePack.encode(&Kind::Text, "hc").expect("encodable");
    assert_eq!(MessagePack.decode::<Theme>(&Theme::KIND, old.as_bytes()).expect("decodable"), Theme::Contrast);
    // Stored words are exact: other cases are for people.
    let loud = MessagePack.encode(&Kind::Text, "LIGHT").expect("encodable");
    assert!(MessagePack.decode::<Theme>(&Theme::KIND, loud.as_bytes()).is_err());
}

#[test]
fn a_word_is_a_setting_like_any_other() {
    #[derive(Clone, Settings)]
    struct Look {
        #[setting(default)]
        theme: Theme,
        #[setting(default = Theme::Auto, choices = [Theme::Auto, Theme::Light])]
        night_theme: Theme,
        fallback: Option<Theme>,
        #[setting(default = vec![Theme::VeryDark])]
        offered: Vec<Theme>,
    }
    let schema = Look::schema::<MessagePack>().expect("a schema");
    let texts: Vec<&str> = schema.settings().map(|info| info.default_text.as_str()).collect();
    assert_eq!(texts, ["light", "auto", "none", r#"["very_dark"]"#]);
    assert_eq!(schema.find("night_theme").expect("a setting").choices, ["auto", "light"]);
}

/// One enum for each case, since an attribute takes no variable.
macro_rules! cases {
    ($($case:literal => $expected:literal),+ $(,)?) => {
        #[test]
        fn rename_all_makes_every_word_but_those_given() {
            $({
                #[derive(Clone, PartialEq, SettingEnum)]
                #[setting(rename_all = $case, crate = constance_core)]
                enum Cased {
                    VeryDark,
                    #[setting(rename = "asItIs")]
                    Other,
                }
                assert_eq!(Cased::VeryDark.print(), $expected);
                assert_eq!(Cased::Other.print(), "asItIs");
            })+
        }
    };
}

cases! {
    "lowercase" => "verydark",
    "UPPERCASE" => "VERYDARK",
    "PascalCase" => "VeryDark",
    "camelCase" => "veryDark",
    "snake_case" => "very_dark",
    "SCREAMING_SNAKE_CASE" => "VERY_DARK",
    "kebab-case" => "very-dark",
    "SCREAMING-KEBAB-CASE" => "VERY-DARK",
}
