//! The names that settings get.

use constance_core::{MessagePack, Settings};

#[derive(Clone, Settings)]
struct Plain {
    #[setting(default)]
    r#type: String,
    #[setting(default, rename = "Site.Name-1")]
    site_name: String,
    #[setting(default, alias = "old_colour", alias = "older-colour")]
    #[setting(group = "Look")]
    colour: String,
    #[setting(default, rename = "groesse")]
    größe: u32,
}

#[test]
fn a_raw_identifier_is_named_without_its_mark() {
    assert_eq!(Plain::TYPE.name(), "type");
    assert_eq!(Plain::defaults().r#type, "");
}

#[test]
fn a_renamed_field_keeps_its_constant() {
    assert_eq!(Plain::SITE_NAME.name(), "Site.Name-1");
    assert_eq!(Plain::GRÖSSE.name(), "groesse");
}

#[test]
fn aliases_are_kept_in_their_order() {
    let schema = Plain::schema::<MessagePack>().expect("a schema");
    let colour = schema.find("colour").expect("a setting");
    assert_eq!(colour.aliases, ["old_colour", "older-colour"]);
    assert_eq!(colour.group, Some("Look"));
}

/// One struct for each case, since an attribute takes no variable.
macro_rules! cases {
    ($($case:literal => $expected:literal),+ $(,)?) => {
        #[test]
        fn rename_all_makes_every_name_but_those_given() {
            $({
                #[derive(Clone, Settings)]
                #[settings(rename_all = $case)]
                struct Cased {
                    #[setting(default)]
                    the_answer: i64,
                    #[setting(default, rename = "as_it_is")]
                    other: bool,
                }
                assert_eq!(Cased::THE_ANSWER.name(), $expected);
                assert_eq!(Cased::OTHER.name(), "as_it_is");
                assert!(Cased::schema::<MessagePack>().is_ok());
            })+
        }
    };
}

cases! {
    "lowercase" => "the_answer",
    "UPPERCASE" => "THE_ANSWER",
    "PascalCase" => "TheAnswer",
    "camelCase" => "theAnswer",
    "snake_case" => "the_answer",
    "SCREAMING_SNAKE_CASE" => "THE_ANSWER",
    "kebab-case" => "the-answer",
    "SCREAMING-KEBAB-CASE" => "THE-ANSWER",
}
