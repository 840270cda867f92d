//! Promise 1 over a store that fails: wrappers that hide it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use constance_core::{
    Error, ErrorKind, Prefix, Result, Warning, WatchMode,
    backend::{Applied, Batch, Capability, Encoded, Key, Op, Stored, Wake, Watch},
};

use super::wrong::{Defect, Inside, assert_caught, assert_right, assert_wrapper_caught};

/// A failed read is "nothing stored", as upstream.
#[derive(Debug)]
struct OutageIsAbsence;

impl Defect for OutageIsAbsence {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        Ok(right.read(keys).unwrap_or_else(|_| vec![Stored::Absent; keys.len()]))
    }

    fn visit(&self, right: &dyn Inside, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        right.visit(key, visitor).or_else(|_| {
            visitor(None);
            Ok(())
        })
    }
}

#[test]
fn an_outage_read_as_absence_is_caught() {
    let by = [
        "outage_is_not_absence",
        "visitor_is_not_called_in_an_outage",
        "outage_is_not_remembered",
        "single_failures_are_errors",
    ];
    assert_wrapper_caught(|| OutageIsAbsence, &by);
}

/// A failed write raises nothing and stores nothing, as upstream.
#[derive(Debug)]
struct FailedWriteIsDone;

impl Defect for FailedWriteIsDone {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        Ok(right.write(batch).unwrap_or(Applied::Done(Vec::new())))
    }
}

#[test]
fn a_failed_write_said_to_be_done_is_caught() {
    assert_wrapper_caught(
        || FailedWriteIsDone,
        &["failed_write_is_an_error_and_changes_nothing", "outage_fails_every_other_call", "lost_reply_is_looked_up"],
    );
}

/// Tools see an empty store, and a healthy one.
#[derive(Debug)]
struct OtherCallsNeverFail;

impl Defect for OtherCallsNeverFail {
    fn list(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        Ok(right.list(prefix).unwrap_or_default())
    }
}

#[test]
fn an_outage_listed_as_an_empty_store_is_caught() {
    assert_wrapper_caught(|| OtherCallsNeverFail, &["outage_fails_every_other_call"]);
}

/// A cache with the mistakes that caches have.
#[derive(Debug, Default)]
struct Cache {
    memory: Arc<Memory>,
    mistake: Option<Mistake>,
}

#[derive(Debug, Default)]
struct Memory {
    known: Mutex<HashMap<Key, Stored>>,
    // Counts what was forgotten: a fill that began before that must not end after it.
    forgotten: AtomicUsize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    /// The cache is filled before the store is written.
    CacheFirst,
    /// After a write that failed the old entry stays.
    KeepsAfterAnError,
    /// After a conflict the old entry stays.
    KeepsAfterAConflict,
    /// A fill that began before a write ends after it.
    LateFill,
    /// An error is kept.
    RemembersErrors,
    /// Something unreadable is kept as absent.
    ForgetsForeign,
    /// What it is told to forget stays.
    NeverForgets,
    /// Nobody knows that it is a cache.
    SaysNothing,
}

impl Cache {
    fn with(mistake: Mistake) -> Self {
        Self { mistake: Some(mistake), ..Self::default() }
    }

    fn has(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn drop_all<'k>(&self, keys: impl Iterator<Item = &'k Key>) {
        let mut known = self.memory.known.lock().expect("no panic");
        self.memory.forgotten.fetch_add(1, Ordering::SeqCst);
        keys.for_each(|key| drop(known.remove(key)));
    }

    fn known(&self, keys: &[&Key]) -> Option<Vec<Stored>> {
        let known = self.memory.known.lock().expect("no panic");
        keys.iter().map(|key| known.get(*key).cloned()).collect()
    }
}

impl Defect for Cache {
    fn capability(&self, right: &dyn Inside) -> Capability {
        right.capability().with_remembers(!self.has(Mistake::SaysNothing))
    }

    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        if let Some(known) = self.known(keys) {
            return Ok(known);
        }
        let forgotten = self.memory.forgotten.load(Ordering::SeqCst);
        let found = match right.read(keys) {
            Err(_) if self.has(Mistake::RemembersErrors) => vec![Stored::Absent; keys.len()],
            found => found?,
        };
        let mut known = self.memory.known.lock().expect("no panic");
        if self.memory.forgotten.load(Ordering::SeqCst) != forgotten && !self.has(Mistake::LateFill) {
            return Ok(found);
        }
        for (key, stored) in keys.iter().zip(&found) {
            let kept = match stored {
                Stored::Foreign(_) if self.has(Mistake::ForgetsForeign) => Stored::Absent,
                stored => stored.clone(),
            };
            known.insert((*key).clone(), kept);
        }
        Ok(found)
    }

    fn visit(&self, right: &dyn Inside, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let found = self.read(right, &[key])?.remove(0);
        if let Stored::Foreign(_) = found {
            return Err(Error::new(ErrorKind::Decode));
        }
        visitor(found.value().map(Encoded::as_bytes));
        Ok(())
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        if self.has(Mistake::CacheFirst) {
            for change in batch.changes() {
                if let Op::Set(value) = &change.op {
                    self.memory.known.lock().expect("no panic").insert(change.key.clone(), value.clone().into());
                }
            }
            return right.write(batch);
        }
        let applied = right.write(batch);
        match &applied {
            Err(_) if self.has(Mistake::KeepsAfterAnError) => {}
            Ok(Applied::Conflict { .. }) if self.has(Mistake::KeepsAfterAConflict) => {}
            _ => self.drop_all(batch.changes().iter().map(|change| &change.key)),
        }
        applied
    }

    fn forget(&self, right: &dyn Inside, keys: &[&Key]) -> Result<()> {
        if !self.has(Mistake::NeverForgets) {
            self.drop_all(keys.iter().copied());
        }
        right.forget(keys)
    }

    fn watch(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        Ok(Box::new(Forgetting(right.watch(prefix)?, Arc::clone(&self.memory))))
    }
}

/// Forgets everything before it tells of a change: whoever is woken reads through the cache.
struct Forgetting(Box<dyn Watch>, Arc<Memory>);

impl Watch for Forgetting {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let wake = self.0.wait(timeout)?;
        if wake == Wake::Changed {
            let mut known = self.1.known.lock().expect("no panic");
            self.1.forgotten.fetch_add(1, Ordering::SeqCst);
            known.clear();
        }
        Ok(wake)
    }

    fn mode(&self) -> WatchMode {
        self.0.mode()
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.0.interrupter()
    }
}

#[test]
fn the_cache_without_a_mistake_passes() {
    assert_right(Cache::default);
}

#[test]
fn a_cache_that_is_written_before_the_store_is_caught() {
    assert_wrapper_caught(|| Cache::with(Mistake::CacheFirst), &["failed_write_is_an_error_and_changes_nothing"]);
}

#[test]
fn a_cache_that_trusts_its_entry_after_an_error_is_caught() {
    assert_wrapper_caught(|| Cache::with(Mistake::KeepsAfterAnError), &["lost_reply_is_looked_up"]);
}

#[test]
fn a_cache_that_trusts_its_entry_after_a_conflict_is_caught() {
    assert_wrapper_caught(|| Cache::with(Mistake::KeepsAfterAConflict), &["conflict_shows_what_the_store_has"]);
}

#[test]
fn a_late_fill_is_caught() {
    assert_wrapper_caught(|| Cache::with(Mistake::LateFill), &["late_read_does_not_undo_a_write"]);
}

#[test]
fn a_remembered_error_is_caught() {
    assert_wrapper_caught(
        || Cache::with(Mistake::RemembersErrors),
        &["outage_is_not_absence", "outage_is_not_remembered"],
    );
}

#[test]
fn something_unreadable_kept_as_absent_is_caught() {
    assert_wrapper_caught(|| Cache::with(Mistake::ForgetsForeign), &["foreign_things_stay_foreign"]);
}

#[test]
fn a_cache_that_keeps_what_it_is_told_to_forget_is_caught() {
    assert_wrapper_caught(|| Cache::with(Mistake::NeverForgets), &["what_is_remembered_is_said_and_forgotten"]);
}

#[test]
fn a_cache_that_does_not_say_so_is_caught() {
    assert_wrapper_caught(|| Cache::with(Mistake::SaysNothing), &["what_is_remembered_is_said_and_forgotten"]);
}

/// A wrapper that was written before half of the trait.
#[derive(Debug)]
struct ForwardsTheRequiredOnly;

impl Defect for ForwardsTheRequiredOnly {
    fn default_prefix(&self, _right: &dyn Inside) -> Prefix {
        Prefix::empty()
    }

    fn declare(&self, _right: &dyn Inside, _keys: &[Key]) {}

    fn forget(&self, _right: &dyn Inside, _keys: &[&Key]) -> Result<()> {
        Ok(())
    }

    fn ping(&self, _right: &dyn Inside) -> Result<()> {
        Ok(())
    }

    fn read_with_age(&self, right: &dyn Inside, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        Ok((right.read(keys)?, Duration::ZERO))
    }

    fn watch(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        Ok(Box::new(Silent(right.watch(prefix)?)))
    }

    fn identity(&self, _right: &dyn Inside) -> Option<String> {
        None
    }

    fn warnings(&self, _right: &dyn Inside) -> Result<Vec<Warning>> {
        Ok(Vec::new())
    }

    fn migrate(&self, _right: &dyn Inside) -> Result<()> {
        Ok(())
    }
}

/// A feed that says of itself what a feed says by default.
struct Silent(Box<dyn Watch>);

impl Watch for Silent {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        self.0.wait(timeout)
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.0.interrupter()
    }
}

/// Another answer with its age than without.
#[derive(Debug)]
struct AgesOthers;

impl Defect for AgesOthers {
    fn read_with_age(&self, right: &dyn Inside, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        Ok((keys.iter().map(|_| Stored::Absent).collect(), right.read_with_age(keys)?.1))
    }
}

#[test]
fn two_ways_to_read_that_disagree_are_caught() {
    assert_caught(|| AgesOthers, &["read_with_its_age_reads_the_same"]);
}

#[test]
fn a_wrapper_that_does_not_forward_is_caught() {
    assert_wrapper_caught(
        || ForwardsTheRequiredOnly,
        &[
            "default_prefix_is_passed_on",
            "declared_keys_are_passed_on",
            "what_is_to_be_forgotten_is_passed_on",
            "ping_and_migrate_reach_the_store",
            "what_the_store_says_is_passed_on",
            "how_old_an_answer_is_is_passed_on",
            "how_a_feed_learns_of_changes_is_passed_on",
            "outage_fails_every_other_call",
        ],
    );
}

/// Many calls for one, and one that writes.
#[derive(Debug)]
struct CostsMore;

impl Defect for CostsMore {
    fn capability(&self, right: &dyn Inside) -> Capability {
        let _ = right.ping();
        right.capability().with_persistent(true)
    }

    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        keys.iter().map(|key| right.read(&[key]).map(|mut found| found.remove(0))).collect()
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        batch.changes().iter().try_for_each(|change| right.write(&Batch::one(change.clone())).map(drop))?;
        Ok(Applied::Done(Vec::new()))
    }
}

#[test]
fn calls_that_multiply_are_caught() {
    let by = [
        "one_read_is_one_call",
        "batch_stays_one_batch",
        "wrapping_does_no_io",
        "wrapper_claims_no_more_than_the_inner",
    ];
    assert_wrapper_caught(|| CostsMore, &by);
    assert_wrapper_caught(|| CostsMore, &["previous_values_come_from_the_store"]);
}
