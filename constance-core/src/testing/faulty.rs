//! A backend that fails on demand.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::gate::{Barrier, Gate};
use crate::{
    Backend, Error, ErrorKind, Prefix, Result, Warning, WatchMode,
    backend::{Applied, Batch, Capability, Encoded, Key, Portion, Stored, Wake, Watch},
};

/// Wraps a backend: fails when told to, counts the calls, and holds them at a [`Gate`].
///
/// A test keeps it in an [`Arc`], hands a clone to what is tested, and turns the switches while that runs. Each failure
/// is an [`Error`] of the kind that was asked for, as if the store had given it; a failed call does not reach the
/// backend inside.
///
/// ```
/// use std::sync::Arc;
///
/// use constance_core::testing::{FaultyBackend, Method, ReferenceBackend};
/// use constance_core::{Backend, ErrorKind, Prefix};
///
/// let backend = Arc::new(FaultyBackend::new(ReferenceBackend::new()));
/// let key = Prefix::empty().key("theme")?;
///
/// backend.fail_all(ErrorKind::Unavailable);
/// assert_eq!(backend.read(&[&key]).unwrap_err().kind(), ErrorKind::Unavailable);
/// backend.heal();
/// assert!(backend.read(&[&key])?[0].is_absent());
///
/// backend.fail_call(2, ErrorKind::Timeout);
/// assert!(backend.read(&[&key]).is_ok());
/// assert!(backend.read(&[&key]).is_err());
/// assert_eq!(backend.calls(Method::Read), 4);
///
/// // A read in another thread, held until this one has looked.
/// let gate = backend.hold_reads();
/// std::thread::scope(|scope| {
///     let reader = scope.spawn(|| backend.read(&[&key]));
///     gate.wait_for(1);
///     gate.open();
///     reader.join().expect("no panic")
/// })?;
/// # Ok::<(), constance_core::Error>(())
/// ```
#[derive(Debug)]
pub struct FaultyBackend<B> {
    inner: B,
    state: Mutex<State>,
}

/// The methods of a backend, for [`FaultyBackend`]. All but [`Declare`](Self::Declare) ask the store.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// [`Backend::read`] and [`Backend::read_with_age`].
    Read,
    /// [`Backend::list`] and [`Backend::keys_from`].
    List,
    /// [`Backend::write`].
    Write,
    /// [`Backend::visit`].
    Visit,
    /// [`Backend::watch`].
    Watch,
    /// [`Backend::declare`], which cannot fail and is only counted.
    Declare,
    /// [`Backend::forget`].
    Forget,
    /// [`Backend::ping`].
    Ping,
    /// [`Backend::warnings`].
    Warnings,
    /// [`Backend::migrate`].
    Migrate,
}

#[derive(Debug, Default)]
struct State {
    calls: HashMap<Method, usize>,
    every: Option<ErrorKind>,
    of_method: HashMap<Method, ErrorKind>,
    nth: Option<(usize, ErrorKind)>,
    lost_replies: Option<ErrorKind>,
    age: Duration,
    watch_mode: Option<WatchMode>,
    gates: HashMap<(Side, Moment), Arc<Barrier>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Reads,
    Writes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Moment {
    Before,
    After,
}

impl<B> FaultyBackend<B> {
    /// Wraps a backend; without a further word it only counts.
    #[must_use]
    pub fn new(inner: B) -> Self {
        Self { inner, state: Mutex::default() }
    }

    /// The backend inside, to look past the faults.
    #[must_use]
    pub fn inner(&self) -> &B {
        &self.inner
    }

    /// From now on every call that asks the store fails, as in an outage.
    pub fn fail_all(&self, kind: ErrorKind) {
        self.state.lock().every = Some(kind);
    }

    /// From now on every call of one method fails.
    pub fn fail_method(&self, method: Method, kind: ErrorKind) {
        self.state.lock().of_method.insert(method, kind);
    }

    /// The `n`th call from now that asks the store fails, and only that one; 1 is the next.
    pub fn fail_call(&self, n: usize, kind: ErrorKind) {
        self.state.lock().nth = Some((n, kind));
    }

    /// From now on every write is applied, and its caller is told that it failed: a reply that was lost.
    pub fn lose_replies(&self, kind: ErrorKind) {
        self.state.lock().lost_replies = Some(kind);
    }

    /// From now on what is read is said to be so much older than the backend inside says: as if a cache had answered.
    pub fn answer_older_by(&self, age: Duration) {
        self.state.lock().age = age;
    }

    /// Feeds that are opened from now on say that they learn of changes like this.
    pub fn watch_as(&self, mode: WatchMode) {
        self.state.lock().watch_mode = Some(mode);
    }

    /// Ends every fault. Gates stay closed.
    pub fn heal(&self) {
        let mut state = self.state.lock();
        (state.every, state.nth, state.lost_replies) = (None, None, None);
        state.of_method.clear();
    }

    /// How many calls of a method there were, the failed ones included.
    #[must_use]
    pub fn calls(&self, method: Method) -> usize {
        self.state.lock().calls.get(&method).copied().unwrap_or(0)
    }

    /// How many calls there were that asked the store, the failed ones included.
    #[must_use]
    pub fn store_calls(&self) -> usize {
        self.state.lock().calls.iter().filter(|(method, _)| **method != Method::Declare).map(|(_, calls)| calls).sum()
    }

    /// Starts counting anew.
    pub fn reset_calls(&self) {
        self.state.lock().calls.clear();
    }

    /// Holds every read and visit before it reaches the store.
    pub fn hold_reads(&self) -> Gate {
        self.hold(Side::Reads, Moment::Before)
    }

    /// Holds every read and visit when the store has answered: what it found may be old by the time it arrives.
    pub fn hold_read_replies(&self) -> Gate {
        self.hold(Side::Reads, Moment::After)
    }

    /// Holds every write before it reaches the store.
    pub fn hold_writes(&self) -> Gate {
        self.hold(Side::Writes, Moment::Before)
    }

    /// Holds every write when it is applied, and its caller does not know yet.
    pub fn hold_write_replies(&self) -> Gate {
        self.hold(Side::Writes, Moment::After)
    }

    fn hold(&self, side: Side, moment: Moment) -> Gate {
        let (gate, barrier) = Gate::new();
        self.state.lock().gates.insert((side, moment), barrier);
        gate
    }

    fn gate(&self, side: Side, moment: Moment) -> Option<Arc<Barrier>> {
        self.state.lock().gates.get(&(side, moment)).cloned()
    }

    /// Waits at a gate, if there is one; the state's lock is not held meanwhile.
    fn pass(&self, side: Side, moment: Moment) {
        if let Some(barrier) = self.gate(side, moment) {
            barrier.pass();
        }
    }

    /// Counts a call, and fails where it is due.
    fn enter(&self, method: Method) -> Result<()> {
        let mut state = self.state.lock();
        *state.calls.entry(method).or_default() += 1;
        let nth = state.nth.take().map(|(n, kind)| (n.saturating_sub(1), kind));
        let now = match nth {
            Some((0, kind)) => Some(kind),
            later => {
                state.nth = later;
                None
            }
        };
        match now.or(state.every).or(state.of_method.get(&method).copied()) {
            Some(kind) => Err(Error::new(kind).with_detail("the test made this call fail")),
            None => Ok(()),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Backend> Backend for FaultyBackend<B> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.pass(Side::Reads, Moment::Before);
        self.enter(Method::Read)?;
        let found = self.inner.read(keys);
        self.pass(Side::Reads, Moment::After);
        found
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.enter(Method::List)?;
        self.inner.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.pass(Side::Writes, Moment::Before);
        self.enter(Method::Write)?;
        let applied = self.inner.write(batch);
        self.pass(Side::Writes, Moment::After);
        match self.state.lock().lost_replies {
            Some(kind) => Err(Error::new(kind).with_detail("the test lost the reply")),
            None => applied,
        }
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        self.pass(Side::Reads, Moment::Before);
        self.enter(Method::Visit)?;
        let Some(after) = self.gate(Side::Reads, Moment::After) else {
            return self.inner.visit(key, visitor);
        };
        // The store has answered before the gate, the visitor learns of it behind.
        let mut found: Option<Encoded> = None;
        let answer = self.inner.visit(key, &mut |bytes| found = bytes.map(Encoded::from));
        after.pass();
        answer.map(|()| visitor(found.as_ref().map(Encoded::as_bytes)))
    }

    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        self.pass(Side::Reads, Moment::Before);
        self.enter(Method::Read)?;
        let found = self.inner.read_with_age(keys);
        self.pass(Side::Reads, Moment::After);
        let older = self.state.lock().age;
        found.map(|(found, age)| (found, age + older))
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        self.enter(Method::Watch)?;
        let watch = self.inner.watch(prefix)?;
        Ok(match self.state.lock().watch_mode {
            Some(mode) => Box::new(Saying { watch, mode }),
            None => watch,
        })
    }

    fn default_prefix(&self) -> Prefix {
        self.inner.default_prefix()
    }

    fn declare(&self, keys: &[Key]) {
        // It asks nobody, so it has no place among the calls that `fail_call` counts.
        *self.state.lock().calls.entry(Method::Declare).or_default() += 1;
        self.inner.declare(keys);
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        self.enter(Method::Forget)?;
        self.inner.forget(keys)
    }

    fn ping(&self) -> Result<()> {
        self.enter(Method::Ping)?;
        self.inner.ping()
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        self.enter(Method::List)?;
        self.inner.keys_from(prefix, from)
    }

    fn identity(&self) -> Option<String> {
        self.inner.identity()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.enter(Method::Warnings)?;
        self.inner.warnings()
    }

    fn migrate(&self) -> Result<()> {
        self.enter(Method::Migrate)?;
        self.inner.migrate()
    }
}

/// A feed that says how it learns of changes.
struct Saying {
    watch: Box<dyn Watch>,
    mode: WatchMode,
}

impl Watch for Saying {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        self.watch.wait(timeout)
    }

    fn mode(&self) -> WatchMode {
        self.mode
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.watch.interrupter()
    }
}
