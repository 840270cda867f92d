//! A right backend with one defect, and the check that a case notices it.

use std::fmt::Debug;
use std::time::Duration;

use constance_core::testing::wrappers::{self, Inner};
use constance_core::testing::{Outcome, ReferenceBackend, cases};
use constance_core::{
    Backend, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Key, Portion, Stored, Watch},
};

/// The right backend inside a wrong one, by the contract and past it.
pub(crate) trait Inside: Backend {}

impl<B: Backend> Inside for B {}

/// What is wrong; what is not said here is right.
pub(crate) trait Defect: Debug + Send + Sync {
    fn name<'a>(&'a self, right: &'a dyn Inside) -> &'a str {
        right.name()
    }

    fn capability(&self, right: &dyn Inside) -> Capability {
        right.capability()
    }

    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        right.read(keys)
    }

    fn list(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        right.list(prefix)
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        right.write(batch)
    }

    fn visit(&self, right: &dyn Inside, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        right.visit(key, visitor)
    }

    fn read_with_age(&self, right: &dyn Inside, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        right.read_with_age(keys)
    }

    fn watch(&self, right: &dyn Inside, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        right.watch(prefix)
    }

    fn default_prefix(&self, right: &dyn Inside) -> Prefix {
        right.default_prefix()
    }

    fn declare(&self, right: &dyn Inside, keys: &[Key]) {
        right.declare(keys);
    }

    fn forget(&self, right: &dyn Inside, keys: &[&Key]) -> Result<()> {
        right.forget(keys)
    }

    fn ping(&self, right: &dyn Inside) -> Result<()> {
        right.ping()
    }

    fn keys_from(&self, right: &dyn Inside, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        right.keys_from(prefix, from)
    }

    fn identity(&self, right: &dyn Inside) -> Option<String> {
        right.identity()
    }

    fn warnings(&self, right: &dyn Inside) -> Result<Vec<Warning>> {
        right.warnings()
    }

    fn migrate(&self, right: &dyn Inside) -> Result<()> {
        right.migrate()
    }
}

#[derive(Debug)]
pub(crate) struct Wrong<B, D> {
    right: B,
    defect: D,
}

impl<B, D> Wrong<B, D> {
    pub(crate) fn of(right: B, defect: D) -> Self {
        Self { right, defect }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Backend, D: Defect> Backend for Wrong<B, D> {
    fn name(&self) -> &str {
        self.defect.name(&self.right)
    }

    fn capability(&self) -> Capability {
        self.defect.capability(&self.right)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.defect.read(&self.right, keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.defect.list(&self.right, prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.defect.write(&self.right, batch)
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        self.defect.visit(&self.right, key, visitor)
    }

    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        self.defect.read_with_age(&self.right, keys)
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        self.defect.watch(&self.right, prefix)
    }

    fn default_prefix(&self) -> Prefix {
        self.defect.default_prefix(&self.right)
    }

    fn declare(&self, keys: &[Key]) {
        self.defect.declare(&self.right, keys);
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        self.defect.forget(&self.right, keys)
    }

    fn ping(&self) -> Result<()> {
        self.defect.ping(&self.right)
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        self.defect.keys_from(&self.right, prefix, from)
    }

    fn identity(&self) -> Option<String> {
        self.defect.identity(&self.right)
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.defect.warnings(&self.right)
    }

    fn migrate(&self) -> Result<()> {
        self.defect.migrate(&self.right)
    }
}

/// Long enough for any case that ends; one that does not is what some of these look for.
const LONG: Duration = Duration::from_secs(60);
/// For a defect that is a hang.
const SHORT: Duration = Duration::from_secs(2);
/// For a defect that is waited out: half of it is for the wait, the other half for a busy machine.
const SILENCE: Duration = Duration::from_secs(10);

/// Each of these cases must fail over a backend with this defect, and not by hanging.
#[track_caller]
pub(crate) fn assert_caught<D: Defect + 'static>(defect: fn() -> D, by: &[&str]) {
    for name in by {
        let message = failure(name, outcome(defect, name, LONG));
        assert!(!message.contains("did not end"), "{name} hangs over {:?}", defect());
    }
}

/// Each of these cases must fail over a backend with this defect, and does so by waiting in vain: give it less time.
#[track_caller]
pub(crate) fn assert_silence_is_caught<D: Defect + 'static>(defect: fn() -> D, by: &[&str]) {
    for name in by {
        let message = failure(name, outcome(defect, name, SILENCE));
        assert!(!message.contains("did not end"), "{name} hangs over {:?}", defect());
    }
}

/// The other way round: in the clothes of a wrong backend a right one passes every case.
#[track_caller]
pub(crate) fn assert_right<D: Defect + 'static>(right: fn() -> D) {
    for case in cases::ALL {
        let outcome = case.check(move || Wrong { right: ReferenceBackend::new(), defect: right() }, LONG);
        assert_eq!(outcome, Outcome::Passed, "{} over {:?}", case.name(), right());
    }
    for case in wrappers::ALL {
        let outcome = case.check(move |inner| Wrong { right: inner, defect: right() }, LONG);
        assert_eq!(outcome, Outcome::Passed, "{} over {:?}", case.name(), right());
    }
}

/// Nothing is wrong.
#[derive(Debug)]
struct NoDefect;

impl Defect for NoDefect {}

#[test]
fn a_right_backend_in_the_same_clothes_passes() {
    assert_right(|| NoDefect);
}

/// Each of these cases must be given up over a backend with this defect.
#[track_caller]
pub(crate) fn assert_hang_is_caught<D: Defect + 'static>(defect: fn() -> D, by: &[&str]) {
    for name in by {
        let message = failure(name, outcome(defect, name, SHORT));
        assert!(message.contains("did not end"), "{name} should have hung: {message}");
    }
}

/// Each of these cases for wrappers must fail over a wrapper with this defect.
#[track_caller]
pub(crate) fn assert_wrapper_caught<D: Defect + 'static>(defect: fn() -> D, by: &[&str]) {
    for name in by {
        let case = wrappers::ALL.iter().find(|case| case.name() == *name).expect("a case of this name");
        let wrap = move |inner: Inner| Wrong { right: inner, defect: defect() };
        failure(name, case.check(wrap, LONG));
    }
}

fn outcome<D: Defect + 'static>(defect: fn() -> D, name: &str, deadline: Duration) -> Outcome {
    let case = cases::ALL.iter().find(|case| case.name() == name).expect("a case of this name");
    let right = case.check(ReferenceBackend::new, LONG);
    assert_eq!(right, Outcome::Passed, "{name} over the backend without the defect");
    case.check(move || Wrong { right: ReferenceBackend::new(), defect: defect() }, deadline)
}

#[track_caller]
fn failure(name: &str, outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed(message) => message,
        other => panic!("{name} does not notice the defect: {other:?}"),
    }
}

/// The stored things of a right backend, with the bytes of each changed.
pub(crate) fn map_bytes(found: Vec<Stored>, change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Vec<Stored> {
    let changed = |stored: Stored| match stored {
        Stored::Value(value) => change(value.as_bytes()).map_or(Stored::Absent, |bytes| Stored::Value(bytes.into())),
        other => other,
    };
    found.into_iter().map(changed).collect()
}
