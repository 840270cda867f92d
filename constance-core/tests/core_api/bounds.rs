//! Bounds hold for what is there, and contradictions are found before anything is stored.

use constance_core::testing::ReferenceBackend;
use constance_core::{Config, Declaration, ErrorKind, MessagePack, Schema, Setting, Settings};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(min = 1, max = 10)]
    limit: Option<i64>,
    #[setting(min = Some(-2.5))]
    offset: Option<f64>,
    #[setting(choices = ["EUR", "NOK"])]
    currency: Option<String>,
    #[setting(default = -3, min = -5, choices = [-4, -3])]
    shift: Option<i8>,
    #[setting(serde, min = Some(2))]
    stock: Option<u16>,
}

#[test]
fn bounds_of_an_option_hold_for_what_is_there() {
    let config = Config::<Shop>::new(ReferenceBackend::new());
    assert_eq!(
        config.snapshot().expect("reads"),
        Shop { limit: None, offset: None, currency: None, shift: Some(-3), stock: None }
    );
    for text in ["1", "10", "none"] {
        config.set_text("limit", text).expect("accepted");
        assert_eq!(config.get_text("limit").expect("reads"), text);
    }
    for (name, text) in
        [("limit", "0"), ("limit", "11"), ("offset", "-3"), ("currency", "USD"), ("shift", "0"), ("stock", "1")]
    {
        assert_eq!(config.set_text(name, text).expect_err("outside").kind(), ErrorKind::Invalid, "{name} {text}");
    }
    config
        .change()
        .set(Shop::CURRENCY, None)
        .set(Shop::SHIFT, None)
        .set(Shop::STOCK, None)
        .apply()
        .expect("nothing is there");
    config.set_text("currency", "NOK").expect("a choice");
    config.set_text("stock", "2").expect("within");
}

fn refused<S: Settings>(words: &str) {
    let error = S::schema::<MessagePack>().expect_err("a contradiction");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains(words), "{error}");
}

const NINE: i64 = 9;

#[test]
fn what_the_macro_does_not_see_is_refused_when_it_is_built() {
    #[derive(Clone, Settings)]
    struct Choices {
        #[setting(default = 1, max = 5, choices = [1, NINE])]
        field: i64,
    }
    refused::<Choices>("setting \"field\": one of its choices breaks its own rule: must be at most 5");

    #[derive(Clone, Settings)]
    struct Rule {
        #[setting(default = 1, choices = [1, 2], validate = |n| if n % 2 == 1 { Ok(()) } else { Err("must be odd") })]
        field: i64,
    }
    refused::<Rule>("setting \"field\": one of its choices breaks its own rule: must be odd");

    #[derive(Clone, Settings)]
    struct Bounds {
        #[setting(min = NINE.checked_abs(), max = 1)]
        field: Option<i64>,
    }
    refused::<Bounds>("setting \"field\": its smallest value is above its largest");

    #[derive(Clone, Settings)]
    struct Secret {
        #[setting(default = 1, max = 5, choices = [1, NINE], secret)]
        field: i64,
    }
    refused::<Secret>("one of its choices breaks its own rule: the value breaks a rule of this secret setting");
}

#[test]
fn a_declaration_by_hand_is_held_to_the_same() {
    #[derive(Clone)]
    struct Hand {
        field: i64,
    }
    impl Settings for Hand {
        fn defaults() -> Self {
            Self { field: 3 }
        }
        fn schema<C: constance_core::Codec>() -> constance_core::Result<Schema<Self, C>> {
            let field = Setting::new(0, "field");
            let declaration = Declaration::new(field, |s: &Self| &s.field, |s, v| s.field = v);
            Schema::builder(Self::defaults()).setting(declaration.choices([3, 7]).max(5)).build()
        }
    }
    refused::<Hand>("one of its choices breaks its own rule: must be at most 5");
}
