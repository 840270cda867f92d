//! The tools for tests keep the contract themselves.

use std::sync::Arc;

use constance_core::testing::wrappers::Inner;
use constance_core::testing::{FaultyBackend, ReferenceBackend};

mod reference {
    use super::ReferenceBackend;

    constance_core::conformance_tests!(ReferenceBackend::new);
    constance_core::conformance_tests!(mod without_watch: || ReferenceBackend::new().without_watch());
}

mod faulty {
    use super::{Arc, FaultyBackend, Inner, ReferenceBackend};

    constance_core::conformance_tests!(mod suite: || FaultyBackend::new(ReferenceBackend::new()));
    constance_core::wrapper_conformance_tests!(|inner: Inner| FaultyBackend::new(inner));
    constance_core::wrapper_conformance_tests!(mod twice: |inner: Inner| Box::new(Arc::new(FaultyBackend::new(inner))));
}

/// The list of cases serves other runners: here over references to one backend, as in a caller's transaction.
mod borrowed {
    use constance_core::testing::{Case, ReferenceBackend, cases};

    macro_rules! borrowed_tests {
        (() $($group:ident::$case:ident,)*) => {
            $(
                #[test]
                fn $case() {
                    // A reference shares its store with every other reference.
                    if stringify!($case) == "shared_capability_is_the_truth" {
                        return;
                    }
                    let store = ReferenceBackend::new();
                    Case::new(stringify!($case), cases::$group::$case).run_here(|| &store);
                    assert_eq!(store.stored(), 0, "a case removes what it wrote");
                }
            )*
        };
    }

    constance_core::conformance_cases! { [borrowed_tests] }
}

mod running {
    use std::sync::Arc;
    use std::time::Duration;

    use constance_core::testing::{Case, Confined, Outcome, ReferenceBackend, cases};
    use constance_core::{
        Prefix,
        backend::{Encoded, Stored},
    };

    #[test]
    fn a_user_who_is_not_confined_cannot_be_said_to_be() {
        let case = |confined: fn() -> Confined<ReferenceBackend>| {
            let mut cases = cases::ALL.iter();
            let case = cases.find(|case| case.name() == "empty_prefix_lists_no_prefixed_keys").expect("a case");
            case.check(confined, Duration::from_secs(60))
        };
        let Outcome::Failed(why) = case(|| Confined(ReferenceBackend::new())) else { panic!("it may write anywhere") };
        assert!(why.contains("writes outside of it"), "{why}");
    }

    #[test]
    fn a_missing_service_skips_a_case() {
        let case = Case::new("a_case", |_| unreachable!("there is no backend"));
        assert_eq!(case.check(|| None::<ReferenceBackend>, Duration::from_secs(60)), Outcome::Skipped);
    }

    #[test]
    fn a_failing_case_removes_what_it_wrote_and_nothing_else() {
        let store = Arc::new(ReferenceBackend::new());
        let other = Prefix::new("other:").and_then(|prefix| prefix.key("theme")).expect("a key");
        store.put(&other, Stored::Value(Encoded::from(vec![1])));
        let case = Case::new("a_case", |f| {
            (0..300).for_each(|i| f.set(&f.key(&format!("k{i}")), b"1"));
            f.set(&f.key_under(&Prefix::empty(), &f.unused_name()), b"1");
            panic!("as it happens");
        });
        let used = Arc::clone(&store);
        let outcome = case.check(move || Arc::clone(&used), Duration::from_secs(60));
        assert_eq!(outcome, Outcome::Failed("as it happens".to_owned()));
        assert!(!store.peek(&other).is_absent(), "what belongs to others stays");
        assert_eq!(store.stored(), 1, "nothing of the case is left");
    }
}
