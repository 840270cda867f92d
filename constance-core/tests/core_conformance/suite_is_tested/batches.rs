//! Promise 6: batches that come apart.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use constance_core::{
    Result,
    backend::{Applied, Batch, Capability, Change, Encoded, Expect, Key, Op, Stored},
};

use super::wrong::{Defect, Inside, assert_caught, assert_right};

/// One after the other, up to the one that fails.
#[derive(Debug, Default)]
struct OneByOne {
    /// How many reads have ended.
    reads: AtomicUsize,
}

impl OneByOne {
    /// Until somebody has read in between, where anybody reads: of two readers, both may have begun before.
    fn rest(&self) {
        let (before, begun) = (self.reads.load(Ordering::Relaxed), Instant::now());
        while self.reads.load(Ordering::Relaxed) < before + 3 && begun.elapsed() < Duration::from_millis(50) {
            std::thread::yield_now();
        }
    }
}

impl Defect for OneByOne {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let found = right.read(keys);
        self.reads.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let mut all = Vec::new();
        for (index, change) in batch.changes().iter().enumerate() {
            match right.write(&Batch::one(change.clone()).wanting_previous(batch.want_previous()))? {
                Applied::Done(previous) => all.extend(previous),
                Applied::Conflict { current, .. } => return Ok(Applied::Conflict { index, current }),
            }
            self.rest();
        }
        Ok(Applied::Done(all))
    }
}

#[test]
fn a_batch_applied_one_by_one_is_caught() {
    let by =
        ["failing_last_expectation_writes_nothing", "failing_keep_stops_the_others", "batches_are_never_seen_torn"];
    assert_caught(OneByOne::default, &by);
}

/// A batch is changed on its way.
#[derive(Debug)]
struct Changed(fn(Vec<Change>) -> Vec<Change>);

impl Defect for Changed {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let changes = (self.0)(batch.changes().to_vec());
        right.write(&Batch::new(changes)?.wanting_previous(batch.want_previous()))
    }
}

#[test]
fn a_batch_that_is_cut_short_is_caught() {
    let cut = || {
        Changed(|mut changes| {
            changes.truncate(100);
            changes
        })
    };
    assert_caught(cut, &["batch_of_200_changes_is_applied", "thousand_keys_are_read_at_once"]);
}

#[test]
fn an_index_into_a_sorted_copy_is_caught() {
    let sorted = || {
        Changed(|mut changes| {
            changes.sort_by(|one, other| one.key.cmp(&other.key));
            changes
        })
    };
    assert_caught(sorted, &["conflict_names_the_change_and_what_is_stored", "previous_values_come_in_order"]);
}

#[test]
fn a_keep_that_is_skipped_is_caught() {
    let skipped = || {
        Changed(|mut changes| {
            changes.iter_mut().filter(|change| change.op == Op::Keep).for_each(|change| change.expect = Expect::Any);
            changes
        })
    };
    assert_caught(
        skipped,
        &["failing_keep_stops_the_others", "keep_changes_nothing", "keep_holds_against_another_writer"],
    );
}

#[test]
fn a_keep_that_writes_is_caught() {
    let writes = || {
        Changed(|mut changes| {
            let keeps = changes.iter_mut().filter(|change| change.op == Op::Keep);
            keeps.for_each(|change| change.op = Op::Set(Encoded::from(&b"kept"[..])));
            changes
        })
    };
    assert_caught(writes, &["keep_changes_nothing", "keep_on_absent_creates_nothing"]);
}

#[test]
fn a_removal_that_does_nothing_or_empties_is_caught() {
    let by = ["removed_key_is_absent_again", "batch_sets_and_removes_together", "removal_checks_its_expectation"];
    assert_caught(
        || {
            Changed(|mut changes| {
                changes.iter_mut().filter(|change| change.op == Op::Remove).for_each(|change| change.op = Op::Keep);
                changes
            })
        },
        &by,
    );
    assert_caught(
        || {
            Changed(|mut changes| {
                let removals = changes.iter_mut().filter(|change| change.op == Op::Remove);
                removals.for_each(|change| change.op = Op::Set(Encoded::from(Vec::new())));
                changes
            })
        },
        &by,
    );
}

/// Promise 7: what is given back as previous is not what was there, and an event would tell it so.
#[derive(Debug)]
struct Previous(fn(Vec<Stored>, &Batch) -> Vec<Stored>);

impl Defect for Previous {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        Ok(match right.write(batch)? {
            Applied::Done(previous) => Applied::Done((self.0)(previous, batch)),
            conflict => conflict,
        })
    }
}

#[test]
fn wrong_previous_values_are_caught() {
    let by = ["previous_values_come_in_order"];
    assert_caught(|| Previous(|previous, _| previous.into_iter().rev().collect()), &by);
    assert_caught(|| Previous(|previous, _| previous.into_iter().filter(|stored| !stored.is_absent()).collect()), &by);
    assert_caught(
        || Previous(|_, _| Vec::new()),
        &["previous_values_come_in_order", "previous_values_are_not_given_unasked"],
    );
    let unasked = || Previous(|_, batch| vec![Stored::Absent; batch.changes().len()]);
    assert_caught(unasked, &["previous_values_are_not_given_unasked"]);
}

/// Reads a part after the other, each of another moment.
#[derive(Debug, Default)]
struct InPortions {
    writes: AtomicUsize,
}

impl InPortions {
    /// Until somebody has written in between, where anybody writes.
    fn rest(&self) {
        let (before, begun) = (self.writes.load(Ordering::Relaxed), Instant::now());
        while self.writes.load(Ordering::Relaxed) == before && begun.elapsed() < Duration::from_millis(1) {
            std::thread::yield_now();
        }
    }
}

impl Defect for InPortions {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let mut all = Vec::new();
        for some in keys.chunks(128) {
            if !all.is_empty() {
                self.rest();
            }
            all.extend(right.read(some)?);
        }
        Ok(all)
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let applied = right.write(batch);
        self.writes.fetch_add(1, Ordering::Relaxed);
        applied
    }
}

#[test]
fn a_read_in_portions_of_several_moments_is_caught() {
    assert_caught(InPortions::default, &["thousand_keys_are_read_as_of_one_moment"]);
}

/// Has limits, and holds to none of them or to narrower ones.
#[derive(Debug)]
struct Limits {
    said: fn(Capability) -> Capability,
    held: fn(Capability) -> Capability,
}

impl Defect for Limits {
    fn capability(&self, right: &dyn Inside) -> Capability {
        (self.said)(right.capability())
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        (self.held)(right.capability()).check(batch)?;
        right.write(batch)
    }
}

#[test]
fn limits_that_are_not_the_truth_are_caught() {
    let by = ["batch_beyond_a_limit_is_refused"];
    assert_caught(|| Limits { said: |can| can.with_max_changes(50), held: |can| can }, &by);
    assert_caught(|| Limits { said: |can| can.with_max_expectations(50), held: |can| can }, &by);
    assert_caught(|| Limits { said: |can| can.with_max_batch_len(5_000), held: |can| can }, &by);
    assert_caught(
        || Limits { said: |can| can.with_max_batch_len(5_000), held: |can| can.with_max_batch_len(4_999) },
        &by,
    );
    assert_caught(
        || Limits { said: |can| can, held: |can| can.with_max_expectations(128) },
        &["batch_of_200_expectations_is_checked"],
    );
    assert_caught(
        || Limits { said: |can| can, held: |can| can.with_max_changes(128) },
        &["batch_of_200_changes_is_applied"],
    );
}

#[test]
fn limits_that_are_the_truth_pass() {
    fn limited(can: Capability) -> Capability {
        can.with_max_changes(128).with_max_expectations(128).with_max_batch_len(2 << 20)
    }
    assert_right(|| Limits { said: limited, held: limited });
}
