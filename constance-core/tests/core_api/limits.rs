//! A store that takes only so much in one write.

use constance_core::testing::ReferenceBackend;
use constance_core::{
    Backend, Config, ErrorKind, Prefix, Result, Settings,
    backend::{Applied, Batch, Capability, Encoded, Key, Stored},
};

/// A store with the limits of this capability.
#[derive(Debug)]
struct Limited(Capability, ReferenceBackend);

impl Limited {
    fn new(limits: fn(Capability) -> Capability) -> Self {
        let store = ReferenceBackend::new();
        Self(limits(store.capability()), store)
    }
}

impl Backend for Limited {
    fn name(&self) -> &str {
        self.1.name()
    }

    fn capability(&self) -> Capability {
        self.0
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.1.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.1.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.0.check(batch)?;
        self.1.write(batch)
    }
}

/// A rule that looks at everything, and one that names its settings.
#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(Unnamed::in_order))]
struct Unnamed {
    #[setting(default = 1)]
    min: i64,
    #[setting(default = 10, alias = "maximum")]
    max: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

impl Unnamed {
    fn in_order(&self) -> std::result::Result<(), &'static str> {
        if self.min <= self.max { Ok(()) } else { Err("the minimum is above the maximum") }
    }
}

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(|s: &Named| if s.min <= s.max { Ok(()) } else { Err("above") }, fields(min, max)))]
struct Named {
    #[setting(default = 1)]
    min: i64,
    #[setting(default = 10)]
    max: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

#[test]
fn settings_that_no_write_could_reach_are_refused_when_the_config_is_built() {
    // A write of `min` expects both names of `max`, and `site_name`.
    let error = Config::<Unnamed>::builder(Limited::new(|can| can.with_max_expectations(2))).build().err();
    let error = error.expect("it could never be written");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "cannot write setting \"min\" to reference: its rules make a write expect 3 other stored values, and the backend \
         takes 2 expectations; name the settings of the rule: #[settings(validate(check, fields(min, max)))]"
    );
    let error = Config::<Unnamed>::builder(Limited::new(|can| can.with_max_changes(1))).build().err();
    assert_eq!(
        error.expect("it could never be written").to_string(),
        "cannot write setting \"max\" to reference: a write sets its 2 names together, and the backend takes 1 changes; \
         give up an alias that no program uses any more"
    );
    Config::<Unnamed>::builder(Limited::new(|can| can.with_max_expectations(3).with_max_changes(2)))
        .build()
        .expect("it is enough");
}

#[test]
fn a_rule_that_names_its_settings_needs_no_more_than_those() {
    let store = Limited::new(|can| can.with_max_expectations(1).with_max_changes(1));
    let config = Config::<Named>::builder(store).build().expect("one expectation is enough");
    config.set(Named::MIN, 5).expect("it expects the maximum alone");
    assert_eq!(config.set(Named::MIN, 11).map_err(|error| error.kind()), Err(ErrorKind::Invalid));
    assert_eq!(config.get(Named::MIN).expect("reads"), 5);
}

#[test]
fn a_change_set_beyond_a_limit_is_refused_whole() {
    let store = Limited::new(|can| can.with_max_changes(1));
    let config = Config::<Named>::builder(store).build().expect("one change is enough");
    let error = config.change().set(Named::MIN, 2).set(Named::SITE_NAME, "Shop".into()).apply().expect_err("two");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let text = error.to_string();
    assert!(text.contains("2 changes are too many for one write to this store, which takes 1"), "{text}");
    assert_eq!(config.snapshot().expect("reads"), Named { min: 1, max: 10, site_name: "My Title".into() });
}

#[test]
fn bytes_are_those_of_keys_and_of_values_stored_and_expected() {
    let key = |name| Prefix::empty().key(name).expect("a key");
    let bytes = |len| Encoded::from(vec![7; len]);
    let changes = vec![
        constance_core::backend::Change::set(key("one"), bytes(10)),
        constance_core::backend::Change::remove(key("two"))
            .expecting(constance_core::backend::Expect::Equals(bytes(100))),
        constance_core::backend::Change::keep(key("three")).expecting(constance_core::backend::Expect::Absent),
    ];
    assert_eq!(Batch::new(changes).expect("three keys").len_in_bytes(), 3 + 10 + 3 + 100 + 5);
}
