//! Handles, defaults, help and the order of declaration.

use std::collections::BTreeMap;
use std::time::Duration;

use constance_core::{Kind, MessagePack, Schema, Setting, Settings};
use serde::{Deserialize, Serialize};

/// Live settings of the shop.
#[derive(Debug, Clone, PartialEq, Settings)]
pub(crate) struct Shop {
    /// Answer to the Ultimate Question of Life,
    ///   The Universe, and Everything
    ///
    /// Ask again later.
    #[setting(default = 42, min = 0)]
    the_answer: i64,
    /// Website title
    #[setting(default = "My Title", group = "General", help = "Shown in the browser's tab")]
    site_name: String,
    /** How long a basket
     *  is kept
     */
    #[setting(default = Duration::from_secs(30 * MINUTE))]
    basket_timeout: Duration,
    #[setting(default)]
    allowed: Vec<String>,
    banner: Option<String>,
    #[setting(default = "hello")]
    greeting: Option<String>,
    #[setting(default = Some(3), secret)]
    retries: Option<u8>,
    #[setting(default = { let mut limits = BTreeMap::new(); limits.insert("eu".to_owned(), 1.5); limits })]
    limits: BTreeMap<String, f64>,
    #[setting(serde, default = Address { city: "Oslo".into(), zip: 150 })]
    address: Address,
    #[setting(serde)]
    second_address: Option<Address>,
}

const MINUTE: u64 = 60;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Address {
    city: String,
    zip: u16,
}

fn shop() -> Schema<Shop> {
    Shop::schema::<MessagePack>().expect("a schema")
}

#[test]
fn defaults_are_what_was_written() {
    let oslo = Address { city: "Oslo".to_owned(), zip: 150 };
    let expected = Shop {
        the_answer: 42,
        site_name: "My Title".to_owned(),
        basket_timeout: Duration::from_secs(1800),
        allowed: Vec::new(),
        banner: None,
        greeting: Some("hello".to_owned()),
        retries: Some(3),
        limits: BTreeMap::from([("eu".to_owned(), 1.5)]),
        address: oslo,
        second_address: None,
    };
    assert_eq!(Shop::defaults(), expected);
}

#[test]
fn every_field_has_a_handle_of_its_type() {
    let answer: Setting<Shop, i64> = Shop::THE_ANSWER;
    let address: Setting<Shop, Option<Address>> = Shop::SECOND_ADDRESS;
    assert_eq!((answer.name(), answer.index()), ("the_answer", 0));
    assert_eq!((address.name(), address.index()), ("second_address", 9));
}

#[test]
fn settings_keep_the_order_of_the_fields() {
    let names: Vec<&str> = shop().settings().map(|info| info.name).collect();
    let expected = [
        "the_answer",
        "site_name",
        "basket_timeout",
        "allowed",
        "banner",
        "greeting",
        "retries",
        "limits",
        "address",
        "second_address",
    ];
    assert_eq!(names, expected);
}

#[test]
fn help_is_the_doc_comment_unless_it_is_given() {
    let schema = shop();
    let help = |name| schema.find(name).expect("a setting").help;
    assert_eq!(
        help("the_answer"),
        "Answer to the Ultimate Question of Life, The Universe, and Everything\nAsk again later."
    );
    assert_eq!(help("site_name"), "Shown in the browser's tab");
    assert_eq!(help("basket_timeout"), "How long a basket is kept");
    assert_eq!(help("banner"), "");
}

#[test]
fn groups_and_secrets_are_marked() {
    let schema = shop();
    let groups: Vec<_> = schema.settings().filter_map(|info| info.group.map(|group| (info.name, group))).collect();
    assert_eq!(groups, [("site_name", "General")]);
    let secrets: Vec<_> = schema.settings().filter(|info| info.secret).map(|info| info.name).collect();
    assert_eq!(secrets, ["retries"]);
}

#[test]
fn kinds_and_texts_come_from_the_types() {
    let schema = shop();
    let texts = |name| schema.find(name).map(|info| (info.kind, info.default_text.clone())).expect("a setting");
    assert_eq!(texts("basket_timeout"), (Kind::Duration, "30m".to_owned()));
    assert_eq!(texts("allowed"), (Kind::List(&Kind::Text), "[]".to_owned()));
    assert_eq!(texts("banner"), (Kind::Option(&Kind::Text), "none".to_owned()));
    assert_eq!(texts("address"), (Kind::Serde, r#"{"city":"Oslo","zip":150}"#.to_owned()));
    assert_eq!(texts("second_address"), (Kind::Serde, "null".to_owned()));
}

/// Users' own names next to those that the macro writes.
mod crowded {
    use constance_core::{MessagePack, Settings};

    #[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
    pub(super) struct C;

    #[allow(dead_code)]
    trait Into {}
    #[allow(dead_code)]
    struct Option;
    #[allow(dead_code)]
    struct Result;

    fn builder() -> C {
        C
    }

    #[derive(Clone, Settings)]
    #[settings(crate = renamed::inner)]
    pub(super) struct Crowded {
        #[setting(serde, default = builder())]
        pub(super) value: C,
        #[setting(default = "builder")]
        #[allow(dead_code)]
        builder: String,
        #[setting(default)]
        #[deprecated(note = "use `builder`")]
        #[allow(dead_code)]
        old: bool,
    }

    mod renamed {
        pub(super) use constance_core as inner;
    }

    #[test]
    fn names_around_the_struct_do_not_matter() {
        assert_eq!(Crowded::defaults().value, C);
        assert!(Crowded::schema::<MessagePack>().is_ok());
    }
}

#[test]
fn the_handles_are_as_visible_as_the_struct() {
    assert_eq!(crowded::Crowded::BUILDER.name(), "builder");
}

/// A struct inside a function, made by a macro, with nothing in it that anybody reads.
#[test]
fn a_struct_may_be_anywhere() {
    macro_rules! declare {
        ($name:ident, $field:ident: $ty:ty = $default:expr, $other:ident: $other_ty:ty) => {
            #[derive(Clone, Settings)]
            struct $name {
                #[setting(default = $default)]
                $field: $ty,
                $other: $other_ty,
            }
        };
    }
    declare!(Local, title: String = "a title", subtitle: Option<String>);
    let schema = Local::schema::<MessagePack>().expect("a schema");
    assert_eq!(schema.find("title").expect("a setting").default_text, "a title");
    assert_eq!(schema.find("subtitle").expect("a setting").default_text, "none");
    assert_eq!(Local::SUBTITLE.index(), 1);
}

#[test]
fn no_settings_are_settings_too() {
    #[derive(Clone, Settings)]
    struct Nothing {}
    let Nothing {} = Nothing::defaults();
    assert_eq!(Nothing::schema::<MessagePack>().expect("a schema").settings().len(), 0);
}
