//! Rules across the settings of a nested struct, and of the struct around it.

use std::sync::Arc;

use constance_core::testing::ReferenceBackend;
use constance_core::{Config, ErrorKind, LiveOptions, Settings};

use super::{Mail, Shop};

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate(Around::below_limit, fields(limit, pool)))]
struct Around {
    #[setting(default = 100)]
    limit: i64,
    #[setting(nested)]
    pool: Pool,
}

#[derive(Debug, Clone, PartialEq, Settings)]
#[settings(validate = Pool::in_order)]
struct Pool {
    #[setting(default = 1)]
    fewest: i64,
    #[setting(default = 10)]
    most: i64,
}

impl Around {
    fn below_limit(&self) -> Result<(), &'static str> {
        if self.pool.most <= self.limit { Ok(()) } else { Err("most must not be above limit") }
    }
}

impl Pool {
    fn in_order(&self) -> Result<(), &'static str> {
        if self.fewest <= self.most { Ok(()) } else { Err("fewest must not be above most") }
    }
}

#[test]
fn a_rule_of_the_nested_struct_holds_its_writes_and_no_others() {
    let config = Config::<Around>::new(ReferenceBackend::new());
    let error = config.set(Around::POOL.field(Pool::FEWEST), 11).expect_err("above most");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("fewest must not be above most"), "{error}");
    config
        .change()
        .set(Around::POOL.field(Pool::FEWEST), 11)
        .set(Around::POOL.field(Pool::MOST), 12)
        .apply()
        .expect("writes");
    assert_eq!(config.snapshot().expect("reads").pool, Pool { fewest: 11, most: 12 });
}

#[test]
fn a_rule_of_the_struct_around_may_name_the_nested_one() {
    let config = Config::<Around>::new(ReferenceBackend::new());
    let error = config.set(Around::POOL.field(Pool::MOST), 101).expect_err("above limit");
    assert!(error.to_string().contains("most must not be above limit"), "{error}");
    assert_eq!(config.set(Around::LIMIT, 9).expect_err("below most").kind(), ErrorKind::Invalid);
    config.change().set(Around::LIMIT, 200).set(Around::POOL.field(Pool::MOST), 101).apply().expect("writes");
}

#[test]
fn where_what_is_stored_breaks_one_only_its_settings_are_held_back() {
    #[derive(Clone, Settings)]
    struct Free {
        #[setting(nested)]
        mail: FreeMail,
        #[setting(default = 42)]
        the_answer: i64,
    }
    #[derive(Clone, Settings)]
    struct FreeMail {
        #[setting(default = 1)]
        fewest: i64,
        #[setting(default = "localhost")]
        host: String,
    }
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Shop>::new(Arc::clone(&backend));
    let free = Config::<Free>::new(backend);
    free.set(Free::MAIL.field(FreeMail::FEWEST), 11).expect("no rule there");
    free.set(Free::MAIL.field(FreeMail::HOST), "a".to_owned()).expect("writes");
    free.set(Free::THE_ANSWER, 43).expect("writes");
    let read = config.read_all().expect("reads");
    assert_eq!((read.values.mail.fewest, read.values.mail.host.as_str(), read.values.the_answer), (1, "a", 43));
    let broken = &read.unreadable[0];
    assert_eq!(broken.settings().collect::<Vec<_>>(), ["mail.fewest", "mail.most"]);
    assert!(broken.to_string().contains("the rule \"in_order\" is broken"), "{broken}");
    let live = config.live_with(LiveOptions::new().default_if_unreadable()).expect("a load");
    assert_eq!((live.load().mail.fewest, live.load().mail.host.as_str()), (1, "a"));
    assert_eq!(Shop::MAIL.of(&live.load()).most, Mail::defaults().most);
}

#[test]
fn one_that_names_no_settings_is_across_those_of_its_own_struct() {
    #[derive(Clone, Settings)]
    struct Free {
        #[setting(default = 100)]
        limit: i64,
        #[setting(nested)]
        pool: FreePool,
    }
    #[derive(Clone, Settings)]
    struct FreePool {
        #[setting(default = 1)]
        fewest: i64,
    }
    let backend = Arc::new(ReferenceBackend::new());
    let config = Config::<Around>::new(Arc::clone(&backend));
    let free = Config::<Free>::new(backend);
    free.change().set(Free::LIMIT, 200).set(Free::POOL.field(FreePool::FEWEST), 11).apply().expect("no rule there");
    let read = config.read_all().expect("reads");
    assert_eq!(read.values, Around { limit: 200, pool: Pool { fewest: 1, most: 10 } });
    assert_eq!(read.unreadable[0].settings().collect::<Vec<_>>(), ["pool.fewest", "pool.most"]);
}
