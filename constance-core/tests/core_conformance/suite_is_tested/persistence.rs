//! Stores that are durable in name only.

mod file;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use constance_core::testing::persistence::{self, PersistenceCase};
use constance_core::testing::{Outcome, ReferenceBackend};
use constance_core::{
    Backend, Result,
    backend::{Applied, Batch, Capability},
};

use self::file::FileBackend;
use super::wrong::{Defect, Inside, Wrong};

const LONG: Duration = Duration::from_secs(60);

constance_core::persistence_tests!(mod file_backend: |folder: &Path| FileBackend::new(folder));

fn case(name: &str) -> PersistenceCase {
    *persistence::ALL.iter().find(|case| case.name() == name).expect("a case of this name")
}

/// The path of a test of this module.
macro_rules! path {
    ($test:ident) => {
        concat!(module_path!(), "::", stringify!($test))
    };
}

/// Says that it is persistent.
#[derive(Debug)]
struct Claims;

impl Defect for Claims {
    fn capability(&self, right: &dyn Inside) -> Capability {
        right.capability().with_persistent(true)
    }
}

#[test]
fn a_store_that_ends_with_its_backend_is_caught() {
    let open = |_: &Path| Wrong::of(ReferenceBackend::new(), Claims);
    let path = path!(a_store_that_ends_with_its_backend_is_caught);
    let outcome = case("closed_store_keeps_everything").check(path, open, LONG);
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

#[test]
fn a_store_that_ends_with_its_process_is_caught() {
    static STORES: LazyLock<Mutex<HashMap<PathBuf, &'static ReferenceBackend>>> = LazyLock::new(Mutex::default);
    let open = |folder: &Path| {
        let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
        let store = stores.entry(folder.to_owned()).or_insert_with(|| Box::leak(Box::new(ReferenceBackend::new())));
        Wrong::of(*store, Claims)
    };
    let path = path!(a_store_that_ends_with_its_process_is_caught);
    assert_eq!(case("closed_store_keeps_everything").check(path, open, LONG), Outcome::Passed, "its process lives");
    let outcome = case("acknowledged_writes_outlive_a_killed_process").check(path, open, LONG);
    assert!(matches!(&outcome, Outcome::Failed(message) if message.contains("is lost")), "{outcome:?}");
}

/// Says of a write that it is done, and stores it with the next one.
#[derive(Debug, Default)]
struct Late(Mutex<Vec<Batch>>);

impl Defect for Late {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(batch.clone());
        if waiting.len() > 50 {
            waiting.drain(..).try_for_each(|batch| right.write(&batch).map(drop))?;
        }
        Ok(Applied::Done(Vec::new()))
    }
}

#[test]
fn a_write_that_is_done_before_it_is_stored_is_caught() {
    let path = path!(a_write_that_is_done_before_it_is_stored_is_caught);
    let open = |folder: &Path| Wrong::of(FileBackend::new(folder), Late::default());
    let outcome = case("acknowledged_writes_outlive_a_killed_process").check(path, open, LONG);
    assert!(matches!(&outcome, Outcome::Failed(message) if message.contains("is lost")), "{outcome:?}");
}

#[test]
fn a_store_that_is_not_persistent_is_not_tested_for_it() {
    let path = path!(a_store_that_is_not_persistent_is_not_tested_for_it);
    let outcome = case("closed_store_keeps_everything").check(path, |_: &Path| ReferenceBackend::new(), LONG);
    assert!(matches!(&outcome, Outcome::Failed(message) if message.contains("capability().persistent")), "{outcome:?}");
    assert!(!ReferenceBackend::new().capability().persistent);
}
