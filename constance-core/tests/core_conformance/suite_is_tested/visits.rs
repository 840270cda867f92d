//! Visits that run under a lock, or not once.

use std::sync::Mutex;

use constance_core::{
    Result,
    backend::{Applied, Batch, Encoded, Key, Stored},
};

use super::wrong::{Defect, Inside, assert_caught, assert_hang_is_caught};

/// A lock that every call takes, and that is held while a visitor runs: upstream's memory backend.
#[derive(Debug, Default)]
struct LockedVisit(Mutex<()>);

impl Defect for LockedVisit {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let _lock = self.0.lock().expect("no panic");
        right.read(keys)
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let _lock = self.0.lock().expect("no panic");
        right.write(batch)
    }

    fn visit(&self, right: &dyn Inside, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let _lock = self.0.lock().expect("no panic");
        right.visit(key, visitor)
    }
}

#[test]
fn a_visit_under_a_lock_is_caught() {
    let by = ["visitor_may_read", "visitor_may_write", "visitor_does_not_stop_other_threads"];
    assert_hang_is_caught(LockedVisit::default, &by);
}

/// Calls the visitor so many times.
#[derive(Debug)]
struct Times(usize);

impl Defect for Times {
    fn visit(&self, right: &dyn Inside, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        right.visit(key, &mut |bytes| (0..self.0).for_each(|_| visitor(bytes)))
    }
}

#[test]
fn a_visitor_called_never_or_twice_is_caught() {
    let by = ["visit_shows_a_value_once", "visit_shows_absence_once", "visit_shows_an_empty_value"];
    assert_caught(|| Times(0), &by);
    assert_caught(|| Times(2), &by);
}

/// What is absent is not shown at all.
#[derive(Debug)]
struct OnlyValues;

impl Defect for OnlyValues {
    fn visit(&self, right: &dyn Inside, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        right.visit(key, &mut |bytes| {
            if bytes.is_some() {
                visitor(bytes);
            }
        })
    }
}

#[test]
fn an_absence_that_is_not_shown_is_caught() {
    assert_caught(|| OnlyValues, &["visit_shows_absence_once", "visit_agrees_with_read"]);
}

/// Shows something else than a read gives.
#[derive(Debug)]
struct Shows(fn(Option<&[u8]>) -> Option<&[u8]>);

impl Defect for Shows {
    fn visit(&self, right: &dyn Inside, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        right.visit(key, &mut |bytes| visitor((self.0)(bytes)))
    }
}

#[test]
fn a_visit_that_disagrees_with_a_read_is_caught() {
    assert_caught(
        || Shows(|bytes| bytes.filter(|bytes| !bytes.is_empty())),
        &["visit_shows_an_empty_value", "visit_agrees_with_read"],
    );
    assert_caught(|| Shows(|bytes| Some(bytes.unwrap_or_default())), &["visit_shows_absence_once"]);
    assert_caught(|| Shows(|bytes| bytes.map(|bytes| &bytes[..bytes.len().min(4_096)])), &["visit_agrees_with_read"]);
}

/// Keeps what a visit saw first.
#[derive(Debug, Default)]
struct RemembersVisits(Mutex<std::collections::HashMap<Key, Stored>>);

impl Defect for RemembersVisits {
    fn visit(&self, right: &dyn Inside, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let now = right.read(&[key])?.remove(0);
        let first = self.0.lock().expect("no panic").entry(key.clone()).or_insert(now).clone();
        visitor(first.value().map(Encoded::as_bytes));
        Ok(())
    }
}

#[test]
fn a_visit_that_is_not_kept_right_is_caught() {
    assert_caught(RemembersVisits::default, &["visit_agrees_with_read"]);
}
