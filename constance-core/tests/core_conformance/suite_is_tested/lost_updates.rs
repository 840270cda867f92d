//! Promise 5: expectations that are not kept.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use constance_core::{
    Error, ErrorKind, Result,
    backend::{Applied, Batch, Change, Expect, Op, Stored},
};

use super::wrong::{Defect, Inside, assert_caught};

/// The batch without its expectations.
fn unconditional(batch: &Batch) -> Result<Batch> {
    let any = |change: &Change| change.clone().expecting(Expect::Any);
    Ok(Batch::new(batch.changes().iter().map(any).collect())?.wanting_previous(batch.want_previous()))
}

/// Whatever is expected, it is written.
#[derive(Debug)]
struct IgnoresExpectations;

impl Defect for IgnoresExpectations {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        right.write(&unconditional(batch)?)
    }
}

#[test]
fn ignored_expectations_are_caught() {
    let by = [
        "equals_accepts_the_same_bytes",
        "absent_refuses_what_is_stored",
        "absent_refuses_an_empty_value",
        "equals_refuses_the_absent",
        "compare_and_set_counts_exactly",
        "creation_has_one_winner",
        "removal_checks_its_expectation",
        "removal_races_lose_nothing",
        "keep_holds_against_another_writer",
    ];
    assert_caught(|| IgnoresExpectations, &by);
}

/// Checks first, in a step of its own, and takes its time in between.
#[derive(Debug)]
struct ChecksThenWrites;

impl Defect for ChecksThenWrites {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        for (index, change) in batch.changes().iter().enumerate() {
            let current = right.read(&[&change.key])?.remove(0);
            if !change.expect.holds(&current) {
                return Ok(Applied::Conflict { index, current });
            }
        }
        (0..50).for_each(|_| std::thread::yield_now());
        right.write(&unconditional(batch)?)
    }
}

#[test]
fn a_check_in_a_step_of_its_own_is_caught() {
    assert_caught(|| ChecksThenWrites, &["compare_and_set_counts_exactly"]);
}

/// Compares as a database's collation does, or by length, or by the beginning.
#[derive(Debug)]
struct ComparesLoosely(fn(&[u8], &[u8]) -> bool);

impl Defect for ComparesLoosely {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        for (index, change) in batch.changes().iter().enumerate() {
            let current = right.read(&[&change.key])?.remove(0);
            let holds = match (&change.expect, &current) {
                (Expect::Equals(wanted), Stored::Value(found)) => (self.0)(wanted.as_bytes(), found.as_bytes()),
                (expect, current) => expect.holds(current),
            };
            if !holds {
                return Ok(Applied::Conflict { index, current });
            }
        }
        right.write(&unconditional(batch)?)
    }
}

#[test]
fn loose_comparisons_are_caught() {
    assert_caught(|| ComparesLoosely(|wanted, found| wanted.eq_ignore_ascii_case(found)), &["equals_is_exact"]);
    assert_caught(
        || ComparesLoosely(|wanted, found| wanted.trim_ascii_end() == found.trim_ascii_end()),
        &["equals_is_exact"],
    );
    assert_caught(|| ComparesLoosely(|wanted, found| found.starts_with(wanted)), &["equals_is_exact"]);
    let by = ["equals_compares_long_values_whole"];
    assert_caught(|| ComparesLoosely(|wanted, found| wanted.iter().take(1_000).eq(found.iter().take(1_000))), &by);
    assert_caught(|| ComparesLoosely(|wanted, found| wanted.len() == found.len()), &by);
    assert_caught(
        || ComparesLoosely(|wanted, found| wanted == found && !wanted.is_empty()),
        &["equals_knows_the_empty_value"],
    );
}

/// What is absent equals the empty value.
#[derive(Debug)]
struct AbsentEqualsEmpty;

impl Defect for AbsentEqualsEmpty {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let eased = |change: &Change| match &change.expect {
            Expect::Equals(value) if value.is_empty() => change.clone().expecting(Expect::Any),
            _ => change.clone(),
        };
        let changes = batch.changes().iter().map(eased).collect();
        right.write(&Batch::new(changes)?.wanting_previous(batch.want_previous()))
    }
}

#[test]
fn an_absent_value_equal_to_the_empty_one_is_caught() {
    assert_caught(|| AbsentEqualsEmpty, &["equals_refuses_the_absent", "keep_on_absent_creates_nothing"]);
}

/// What a conflict says is not what is stored.
#[derive(Debug)]
struct Conflicts(fn(usize, Stored) -> (usize, Stored));

impl Defect for Conflicts {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        Ok(match right.write(batch)? {
            Applied::Conflict { index, current } => {
                let (index, current) = (self.0)(index, current);
                Applied::Conflict { index, current }
            }
            done => done,
        })
    }
}

#[test]
fn a_conflict_that_says_something_else_is_caught() {
    let by = ["conflict_names_the_change_and_what_is_stored", "failing_last_expectation_writes_nothing"];
    assert_caught(|| Conflicts(|index, _| (index, Stored::Absent)), &by);
    assert_caught(|| Conflicts(|_, current| (0, current)), &by);
    assert_caught(
        || Conflicts(|_, _| (0, Stored::Value(b"expected".to_vec().into()))),
        &["absent_refuses_what_is_stored"],
    );
}

/// A conflict carries what was stored when the key was first seen.
#[derive(Debug, Default)]
struct StaleConflicts(Mutex<Option<Stored>>);

impl Defect for StaleConflicts {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        Ok(match right.write(batch)? {
            Applied::Conflict { index, current } => {
                let stale = self.0.lock().expect("no panic").get_or_insert(current).clone();
                Applied::Conflict { index, current: stale }
            }
            done => done,
        })
    }
}

#[test]
fn a_stale_value_in_a_conflict_is_caught() {
    assert_caught(StaleConflicts::default, &["conflict_names_the_change_and_what_is_stored", "equals_is_exact"]);
}

/// Of two writes at the same time one is lost, whatever their keys: the whole store is written as one file.
#[derive(Debug, Default)]
struct OneFile(AtomicUsize);

impl Defect for OneFile {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let others = self.0.fetch_add(1, Ordering::SeqCst);
        (0..50).for_each(|_| std::thread::yield_now());
        let applied = if others > 0 { Ok(Applied::Done(Vec::new())) } else { right.write(batch) };
        self.0.fetch_sub(1, Ordering::SeqCst);
        applied
    }
}

#[test]
fn a_write_lost_beside_another_is_caught() {
    assert_caught(OneFile::default, &["writers_of_different_keys_lose_nothing", "compare_and_set_counts_exactly"]);
}

/// Counts the rows that it changed, and takes none for a conflict.
#[derive(Debug)]
struct CountsRows;

impl Defect for CountsRows {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        if batch.changes().is_empty() {
            return Err(Error::new(ErrorKind::Contract).with_detail("no rows"));
        }
        for (index, change) in batch.changes().iter().enumerate() {
            let current = right.read(&[&change.key])?.remove(0);
            let unchanged = match (&change.op, &current) {
                (Op::Set(new), Stored::Value(old)) => new == old,
                (Op::Remove, Stored::Absent) => true,
                _ => false,
            };
            if unchanged {
                return Ok(Applied::Conflict { index, current });
            }
        }
        right.write(batch)
    }
}

#[test]
fn a_change_to_the_same_taken_for_a_conflict_is_caught() {
    let by = ["equals_accepts_a_change_to_the_same", "removing_the_absent_is_done", "empty_batch_is_done"];
    assert_caught(|| CountsRows, &by);
}

/// Can only create.
#[derive(Debug)]
struct AnyIsAbsent;

impl Defect for AnyIsAbsent {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let strict = |change: &Change| match change.expect {
            Expect::Any => change.clone().expecting(Expect::Absent),
            _ => change.clone(),
        };
        right.write(&Batch::new(batch.changes().iter().map(strict).collect())?)
    }
}

#[test]
fn an_expectation_that_nobody_had_is_caught() {
    assert_caught(|| AnyIsAbsent, &["any_holds_always"]);
}
