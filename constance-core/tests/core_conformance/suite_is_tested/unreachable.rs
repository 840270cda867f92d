//! Promise 1 over a store that is not there: backends that hide it, and those that say too much of it.

use std::time::Duration;

use constance_core::testing::{Case, FaultyBackend, Outcome, ReferenceBackend, unreachable};
use constance_core::{
    Error, ErrorKind, Prefix, Result,
    backend::{Applied, Batch, Capability, Cause, Key, Portion, Stored, Watch},
};

use super::wrong::{Defect, Inside, Wrong};

/// A right backend whose store cannot be reached, with one defect.
fn broken<D: Defect>(defect: D) -> Wrong<FaultyBackend<ReferenceBackend>, D> {
    let store = FaultyBackend::new(ReferenceBackend::new());
    store.fail_all(ErrorKind::Unavailable);
    Wrong::of(store, defect)
}

fn case(name: &str) -> Case {
    *unreachable::ALL.iter().find(|case| case.name() == name).expect("a case of this name")
}

#[track_caller]
fn assert_caught<D: Defect + 'static>(defect: fn() -> D, by: &[&str]) {
    for name in by {
        let outcome = case(name).check(move || broken(defect()), Duration::from_secs(60));
        assert!(matches!(outcome, Outcome::Failed(_)), "{name} does not notice {:?}: {outcome:?}", defect());
    }
}

/// Nothing is wrong.
#[derive(Debug)]
struct NoDefect;

impl Defect for NoDefect {}

#[test]
fn a_right_backend_passes() {
    for case in unreachable::ALL {
        let outcome = case.check(|| broken(NoDefect), Duration::from_secs(60));
        assert_eq!(outcome, Outcome::Passed, "{}", case.name());
    }
}

/// What an outage becomes.
#[derive(Debug)]
struct Hides;

impl Defect for Hides {
    fn read(&self, _right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        Ok(vec![Stored::Absent; keys.len()])
    }

    fn read_with_age(&self, _right: &dyn Inside, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        Ok((vec![Stored::Absent; keys.len()], Duration::ZERO))
    }

    fn visit(&self, _right: &dyn Inside, _key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        visitor(None);
        Ok(())
    }

    fn list(&self, _right: &dyn Inside, _prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        Ok(Vec::new())
    }

    fn keys_from(&self, _right: &dyn Inside, _prefix: &Prefix, _from: Option<&[u8]>) -> Result<Portion> {
        Ok(Portion::last(Vec::new()))
    }

    fn write(&self, _right: &dyn Inside, _batch: &Batch) -> Result<Applied> {
        Ok(Applied::Done(Vec::new()))
    }

    fn ping(&self, _right: &dyn Inside) -> Result<()> {
        Ok(())
    }
}

#[test]
fn an_outage_that_is_hidden_is_caught() {
    let by = [
        "reads_are_errors",
        "visitor_is_not_called",
        "listings_are_errors",
        "writes_are_errors",
        "other_calls_are_errors",
        "errors_show_no_secret",
    ];
    assert_caught(|| Hides, &by);
}

/// Fails, after it has shown absence.
#[derive(Debug)]
struct ShowsAbsence;

impl Defect for ShowsAbsence {
    fn visit(&self, right: &dyn Inside, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        visitor(None);
        right.visit(key, visitor)
    }
}

#[test]
fn absence_shown_before_the_error_is_caught() {
    assert_caught(|| ShowsAbsence, &["visitor_is_not_called"]);
}

/// Takes an outage for another writer.
#[derive(Debug)]
struct Conflicts;

impl Defect for Conflicts {
    fn write(&self, _right: &dyn Inside, _batch: &Batch) -> Result<Applied> {
        Ok(Applied::Conflict { index: 0, current: Stored::Absent })
    }
}

#[test]
fn an_outage_taken_for_a_conflict_is_caught() {
    assert_caught(|| Conflicts, &["writes_are_errors"]);
}

/// A feed of a store that is not there.
#[derive(Debug)]
struct Follows;

impl Defect for Follows {
    fn watch(&self, _right: &dyn Inside, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        constance_core::Backend::watch(&ReferenceBackend::new(), prefix)
    }
}

#[test]
fn a_feed_that_opens_is_caught() {
    assert_caught(|| Follows, &["other_calls_are_errors"]);
}

/// Its errors are of another kind, or say more than they should.
#[derive(Debug)]
struct Says(fn() -> Error);

impl Defect for Says {
    fn capability(&self, right: &dyn Inside) -> Capability {
        right.capability()
    }

    fn read(&self, _right: &dyn Inside, _keys: &[&Key]) -> Result<Vec<Stored>> {
        Err((self.0)())
    }
}

#[test]
fn an_error_of_the_wrong_kind_is_caught() {
    assert_caught(|| Says(|| Error::new(ErrorKind::Configuration)), &["reads_are_errors"]);
}

fn outage() -> Error {
    Error::new(ErrorKind::Unavailable)
}

#[test]
fn a_password_or_a_url_in_an_error_is_caught() {
    let by = ["errors_show_no_secret"];
    assert_caught(|| Says(|| outage().with_detail("no answer from store://:hunter2@host")), &by);
    assert_caught(|| Says(|| outage().with_detail("no answer from store://host")), &by);
    assert_caught(|| Says(|| outage().with_cause(Cause::new("driver").with_code("refused hunter2"))), &by);
}

/// Shows how it was made.
#[derive(Debug)]
#[allow(dead_code)]
struct Password(&'static str);

impl Defect for Password {}

#[test]
fn a_password_in_a_debug_is_caught() {
    assert_caught(|| Password("hunter2"), &["backend_shows_no_secret"]);
}
