//! Promises 1 and 2, as far as a store that works shows them: absent is absent, empty is not.

use constance_core::{
    Result,
    backend::{Applied, Batch, Change, Encoded, Key, Stored},
};

use super::wrong::{Defect, Inside, assert_caught, assert_wrapper_caught, map_bytes};

/// Empty bytes count as missing, as upstream on Redis.
#[derive(Debug)]
struct EmptyIsAbsent;

impl Defect for EmptyIsAbsent {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        Ok(map_bytes(right.read(keys)?, |bytes| (!bytes.is_empty()).then(|| bytes.to_vec())))
    }
}

#[test]
fn an_empty_value_read_as_absent_is_caught() {
    assert_caught(|| EmptyIsAbsent, &["empty_value_is_not_absent", "overwritten_value_is_replaced_whole"]);
    assert_wrapper_caught(|| EmptyIsAbsent, &["empty_and_absent_stay_apart"]);
}

/// Absent reads as empty.
#[derive(Debug)]
struct AbsentIsEmpty;

impl Defect for AbsentIsEmpty {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let empty = || Stored::Value(Encoded::from(Vec::new()));
        let filled = |stored: Stored| if stored.is_absent() { empty() } else { stored };
        Ok(right.read(keys)?.into_iter().map(filled).collect())
    }
}

#[test]
fn an_absent_value_read_as_empty_is_caught() {
    assert_caught(
        || AbsentIsEmpty,
        &["empty_value_is_not_absent", "absent_keys_keep_their_place", "removed_key_is_absent_again"],
    );
}

/// The first read stores a default, as upstream.
#[derive(Debug)]
struct ReadWrites;

impl Defect for ReadWrites {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let found = right.read(keys)?;
        for (key, _) in keys.iter().zip(&found).filter(|(_, stored)| stored.is_absent()) {
            right.write(&Batch::one(Change::set((*key).clone(), Encoded::from(&b"default"[..]))))?;
        }
        Ok(found)
    }
}

#[test]
fn a_read_that_writes_is_caught() {
    assert_caught(|| ReadWrites, &["reading_writes_nothing", "empty_value_is_not_absent"]);
    assert_wrapper_caught(|| ReadWrites, &["reading_never_writes_inside"]);
}

/// To tell of keys creates them.
#[derive(Debug)]
struct DeclareWrites;

impl Defect for DeclareWrites {
    fn declare(&self, right: &dyn Inside, keys: &[Key]) {
        for key in keys {
            let _ = right.write(&Batch::one(Change::set(key.clone(), Encoded::from(&b"default"[..]))));
        }
    }
}

#[test]
fn a_declaration_that_writes_is_caught() {
    assert_caught(|| DeclareWrites, &["declaring_keys_does_no_harm", "reading_writes_nothing"]);
}

/// A write is dropped, and said to be done.
#[derive(Debug)]
struct WriteIsDropped;

impl Defect for WriteIsDropped {
    fn write(&self, _right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        Ok(Applied::Done(if batch.want_previous() { vec![Stored::Absent; batch.changes().len()] } else { Vec::new() }))
    }
}

#[test]
fn a_dropped_write_is_caught() {
    assert_caught(|| WriteIsDropped, &["overwritten_value_is_replaced_whole", "batch_of_200_changes_is_applied"]);
    assert_wrapper_caught(|| WriteIsDropped, &["write_is_in_the_store_and_seen_at_once"]);
}

/// Answers in the order of the keys' text.
#[derive(Debug)]
struct SortedAnswers;

impl Defect for SortedAnswers {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let mut sorted = keys.to_vec();
        sorted.sort();
        right.read(&sorted)
    }
}

#[test]
fn answers_in_another_order_are_caught() {
    assert_caught(|| SortedAnswers, &["answers_come_in_the_order_of_the_keys", "repeated_keys_are_answered_each"]);
}

/// One answer for each different key.
#[derive(Debug)]
struct NoDuplicates;

impl Defect for NoDuplicates {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let mut seen = std::collections::HashSet::new();
        right.read(&keys.iter().filter(|key| seen.insert(**key)).copied().collect::<Vec<_>>())
    }
}

#[test]
fn a_repeated_key_without_its_answer_is_caught() {
    assert_caught(|| NoDuplicates, &["repeated_keys_are_answered_each"]);
}

/// Only what is there is answered.
#[derive(Debug)]
struct OnlyPresent;

impl Defect for OnlyPresent {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        Ok(right.read(keys)?.into_iter().filter(|stored| keys.len() == 1 || !stored.is_absent()).collect())
    }
}

#[test]
fn left_out_answers_are_caught() {
    assert_caught(|| OnlyPresent, &["absent_keys_keep_their_place", "thousand_keys_are_read_at_once"]);
}

/// Says something where nothing was asked.
#[derive(Debug)]
struct AlwaysAnswers;

impl Defect for AlwaysAnswers {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        if keys.is_empty() { Ok(vec![Stored::Absent]) } else { right.read(keys) }
    }
}

#[test]
fn an_answer_without_a_question_is_caught() {
    assert_caught(|| AlwaysAnswers, &["read_of_no_keys_is_empty"]);
}

/// Reads as from a queue.
#[derive(Debug)]
struct ReadRemoves;

impl Defect for ReadRemoves {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let found = right.read(keys)?;
        keys.iter().try_for_each(|key| right.write(&Batch::one(Change::remove((*key).clone()))).map(drop))?;
        Ok(found)
    }
}

#[test]
fn a_read_that_removes_is_caught() {
    assert_caught(|| ReadRemoves, &["reading_does_not_consume"]);
}
