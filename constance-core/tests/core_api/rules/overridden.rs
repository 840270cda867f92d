//! Overrides are held to the rules where they are read, together with what is in force.

use constance_core::ErrorKind;

use super::{Shop, store};

#[test]
fn an_override_that_needs_another_is_held_back_until_that_is_there() {
    let (_, config, _) = store();
    let test = config.overrides();
    let live = test.live().expect("loads");
    let _min = test.set(Shop::MIN, 50).expect("by itself it is right");
    assert_eq!(test.get(Shop::MIN).expect("reads"), 50);
    assert_eq!(test.snapshot().expect_err("50 is above 10").kind(), ErrorKind::Invalid);
    assert_eq!(test.within(test.backend()).snapshot().expect_err("the same").kind(), ErrorKind::Invalid);
    assert_eq!((live.load().min, live.reader().load().min), (1, 1));
    let error = live.status().last_error.expect("an error");
    assert_eq!(error.settings().collect::<Vec<_>>(), ["min", "max"]);
    assert!(config.live().expect("loads").status().last_error.is_none(), "that of others knows nothing of it");
    {
        let _max = test.set(Shop::MAX, 60).expect("accepted");
        assert_eq!((live.load().min, live.load().max), (50, 60));
        assert_eq!(test.snapshot().expect("reads"), *live.load());
        assert!(live.status().last_error.is_none());
    }
    assert_eq!((live.load().min, live.load().max), (1, 10));
}
