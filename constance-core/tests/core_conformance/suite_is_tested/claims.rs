//! Backends that say of themselves what is not so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use constance_core::testing::{Outcome, ReferenceBackend, cases};
use constance_core::{
    Error, ErrorKind, Prefix, Result,
    backend::{Applied, Batch, Capability, Key, Op, Stored, Watch},
};

use super::wrong::{Defect, Inside, Wrong, assert_caught, assert_silence_is_caught};

/// Claims what it likes.
#[derive(Debug)]
struct Claims(fn(Capability) -> Capability);

impl Defect for Claims {
    fn capability(&self, right: &dyn Inside) -> Capability {
        (self.0)(right.capability())
    }
}

#[test]
fn untrue_claims_are_caught() {
    assert_caught(
        || Claims(|truth| truth.with_watch(false)),
        &["watch_capability_is_the_truth", "quiet_feed_times_out"],
    );
    assert_caught(|| Claims(|truth| truth.with_shared(true)), &["shared_capability_is_the_truth"]);
    assert_silence_is_caught(|| Claims(|truth| truth.with_shared(true)), &["feed_learns_of_other_writers"]);
    assert_caught(
        || Claims(|truth| truth.with_shared(true).with_persistent(true)),
        &["persistent_capability_is_the_truth"],
    );
    assert_caught(
        || Claims(|truth| truth.with_max_value_len(100)),
        &["max_value_len_is_the_truth", "mebibyte_value_survives"],
    );
    assert_caught(|| Claims(|truth| truth.with_max_value_len(100)), &["refused_value_leaves_the_old_one"]);
    assert_caught(|| Claims(|truth| truth.with_binary(false)), &["invalid_utf8_survives", "all_byte_values_survive"]);
}

/// Promise 11: each instance is the same store, and says that it is its own. What one test leaves, another finds.
#[test]
fn instances_that_are_secretly_one_store_are_caught() {
    static ONE: LazyLock<ReferenceBackend> = LazyLock::new(ReferenceBackend::new);
    let case = cases::ALL.iter().find(|case| case.name() == "shared_capability_is_the_truth").expect("this case");
    let outcome = case.check(|| &*ONE, Duration::from_secs(60));
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

/// Remembers what it has read, and does not say so: what another backend writes is not seen.
#[derive(Debug, Default)]
struct Remembering(Mutex<HashMap<Key, Stored>>);

impl Defect for Remembering {
    fn capability(&self, right: &dyn Inside) -> Capability {
        right.capability().with_shared(true)
    }

    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = keys.iter().zip(right.read(keys)?);
        Ok(found.map(|(key, stored)| remembered.entry((*key).clone()).or_insert(stored).clone()).collect())
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        batch.changes().iter().for_each(|change| drop(remembered.remove(&change.key)));
        right.write(batch)
    }
}

#[test]
fn reads_from_memory_that_are_not_admitted_are_caught() {
    static ONE: LazyLock<ReferenceBackend> = LazyLock::new(ReferenceBackend::new);
    let case = cases::ALL.iter().find(|case| case.name() == "write_is_read_through_another_backend").expect("it");
    let outcome = case.check(|| Wrong::of(&*ONE, Remembering::default()), Duration::from_secs(60));
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

/// Every store says that it is the same one.
#[derive(Debug)]
struct OneIdentity;

impl Defect for OneIdentity {
    fn identity(&self, _right: &dyn Inside) -> Option<String> {
        Some("a store".to_owned())
    }
}

#[test]
fn stores_that_say_that_they_are_one_are_caught() {
    assert_caught(|| OneIdentity, &["identity_tells_stores_apart"]);
}

/// Has no feed, and says that it has one.
#[derive(Debug)]
struct NoFeed;

impl Defect for NoFeed {
    fn watch(&self, _right: &dyn Inside, _prefix: &Prefix) -> Result<Box<dyn Watch>> {
        Err(Error::new(ErrorKind::Unsupported))
    }
}

#[test]
fn a_feed_that_is_not_there_is_caught() {
    assert_caught(|| NoFeed, &["watch_capability_is_the_truth", "every_feed_wakes", "removal_wakes", "batch_wakes"]);
}

/// Says that it has no atomic batches, refuses one, and has written a part of it.
#[derive(Debug)]
struct RefusesTooLate;

impl Defect for RefusesTooLate {
    fn capability(&self, right: &dyn Inside) -> Capability {
        right.capability().with_atomic_batch(false)
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        if batch.changes().len() < 2 {
            return right.write(batch);
        }
        right.write(&Batch::one(batch.changes()[0].clone()))?;
        Err(Error::new(ErrorKind::Unsupported))
    }
}

#[test]
fn a_refused_batch_that_was_half_written_is_caught() {
    assert_caught(|| RefusesTooLate, &["batch_of_200_changes_is_applied", "batch_sets_and_removes_together"]);
}

/// Refuses batches, and says that it can apply them.
#[derive(Debug)]
struct RefusesBatches;

impl Defect for RefusesBatches {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        if batch.changes().len() < 2 { right.write(batch) } else { Err(Error::new(ErrorKind::Unsupported)) }
    }
}

#[test]
fn a_batch_refused_against_the_claim_is_caught() {
    assert_caught(|| RefusesBatches, &["batch_of_200_changes_is_applied", "batches_are_never_seen_torn"]);
}

/// Another answer every time.
#[derive(Debug, Default)]
struct Moody(AtomicUsize);

impl Defect for Moody {
    fn capability(&self, right: &dyn Inside) -> Capability {
        right.capability().with_persistent(self.0.fetch_add(1, Ordering::Relaxed).is_multiple_of(2))
    }
}

#[test]
fn a_capability_that_changes_is_caught() {
    assert_caught(Moody::default, &["capability_does_not_change", "pointers_are_backends"]);
}

/// A name for nobody.
#[derive(Debug)]
struct Named(&'static str);

impl Defect for Named {
    fn name<'a>(&'a self, _right: &'a dyn Inside) -> &'a str {
        self.0
    }
}

#[test]
fn a_name_that_is_no_word_is_caught() {
    assert_caught(|| Named(""), &["name_is_one_word"]);
    assert_caught(|| Named("My Store"), &["name_is_one_word"]);
}

/// A prefix that isolates nothing.
#[derive(Debug)]
struct OpenPrefix;

impl Defect for OpenPrefix {
    fn default_prefix(&self, _right: &dyn Inside) -> Prefix {
        Prefix::without_separator("app").expect("a prefix")
    }
}

#[test]
fn a_default_prefix_without_a_separator_is_caught() {
    assert_caught(|| OpenPrefix, &["default_prefix_is_valid"]);
}

/// Says that it is not well, or starts over when it is migrated again.
#[derive(Debug)]
struct Unwell;

impl Defect for Unwell {
    fn ping(&self, _right: &dyn Inside) -> Result<()> {
        Err(Error::new(ErrorKind::Denied))
    }

    fn migrate(&self, right: &dyn Inside) -> Result<()> {
        for (key, _) in right.list(&Prefix::empty())? {
            right.write(&Batch::one(constance_core::backend::Change::remove(key)))?;
        }
        Err(Error::new(ErrorKind::Unavailable).with_detail("the table exists already"))
    }
}

#[test]
fn a_failing_ping_and_a_migration_that_cannot_be_repeated_are_caught() {
    assert_caught(|| Unwell, &["ping_of_a_working_store_succeeds", "migrating_again_changes_nothing"]);
}

/// Shows what was written.
#[derive(Debug, Default)]
struct Talkative(Mutex<Vec<Vec<u8>>>);

impl Defect for Talkative {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let values = batch.changes().iter().filter_map(|change| match &change.op {
            Op::Set(value) => Some(value.as_bytes().to_vec()),
            _ => None,
        });
        self.0.lock().expect("no panic").extend(values);
        right.write(batch)
    }
}

#[test]
fn a_debug_that_shows_a_value_is_caught() {
    assert_caught(Talkative::default, &["debug_shows_no_value"]);
}
