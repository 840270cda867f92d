//! Names that are declared twice, where only the schema can see it.

use constance_core::testing::ReferenceBackend;
use constance_core::{Codec, Config, ErrorKind, MessagePack, Nested, Result, Schema, Settings};

#[derive(Clone, Settings)]
struct Inner {
    #[setting(default = 1, alias = "old")]
    new: i64,
}

#[derive(Clone, Settings)]
struct Aliased {
    #[setting(nested)]
    part: Inner,
    #[setting(default = 1, rename = "part.old")]
    other: i64,
}

#[test]
fn an_old_name_within_and_a_name_without() {
    let error = Config::<Aliased>::builder(ReferenceBackend::new()).build().expect_err("a contradiction");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Configuration, Some("part.old")));
    assert!(error.to_string().contains("the name is declared twice"), "{error}");
}

#[derive(Clone, Settings)]
struct Contradicts {
    #[setting(default = -Contradicts::ONE, min = Contradicts::ZERO)]
    low: i64,
}

impl Contradicts {
    const ZERO: i64 = 0;
    const ONE: i64 = 1;
}

#[derive(Clone, Settings)]
struct Around {
    #[setting(nested)]
    part: Contradicts,
}

#[test]
fn a_contradiction_within_names_the_whole_name() {
    let error = Around::schema::<MessagePack>().expect_err("a contradiction");
    assert_eq!((error.kind(), error.setting()), (ErrorKind::Configuration, Some("part.low")));
}

/// A handle that was written by hand, with what is wrong in it.
macro_rules! by_hand {
    ($name:ident, $handle:expr) => {
        #[derive(Clone)]
        struct $name {
            part: Inner,
        }

        impl Settings for $name {
            fn defaults() -> Self {
                // Not that of the struct of the field, which is the one that counts.
                Self { part: Inner { new: 7 } }
            }

            fn schema<C: Codec>() -> Result<Schema<Self, C>> {
                let handle: Nested<Self, Inner> = $handle;
                Schema::builder(Self::defaults()).nested(handle, |s| &mut s.part).build()
            }
        }
    };
}

by_hand!(Right, Nested::new(0, "part", &["part.new"], |s| &s.part));
by_hand!(OtherPlace, Nested::new(1, "part", &["part.new"], |s| &s.part));
by_hand!(OtherName, Nested::new(0, "part", &["port.new"], |s| &s.part));
by_hand!(NoNames, Nested::new(0, "part", &[], |s| &s.part));

#[test]
fn a_handle_by_hand_is_checked() {
    let config = Config::<Right>::new(ReferenceBackend::new());
    assert_eq!(config.snapshot().expect("reads").part.new, 1, "the default of its own struct");
    assert_eq!(config.schema().find("part.new").expect("it is there").default_text, "1");
    let refused = [
        OtherPlace::schema::<MessagePack>().err(),
        OtherName::schema::<MessagePack>().err(),
        NoNames::schema::<MessagePack>().err(),
    ];
    let words = refused.map(|error| error.expect("a contradiction").to_string());
    assert!(words[0].contains("its handle says place 1"), "{words:?}");
    assert!(words[1].contains("its handle says another name"), "{words:?}");
    assert!(words[2].contains("its handle has 0 names for 1 settings"), "{words:?}");
}
