//! An asynchronous backend for synchronous code.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::signal::{Ended, Signal};
use super::{AsyncBackend, AsyncWatch};
use crate::{
    Backend, Error, ErrorKind, Prefix, Result, Warning, WatchMode,
    backend::{Applied, Batch, Capability, ChangedKeys, Encoded, Key, Portion, Stored, Wake, Watch},
};

/// Makes an [`AsyncBackend`] a [`Backend`], for the synchronous parts of a program: each call waits in its thread.
///
/// The tokio runtime that it is given has to be running meanwhile, in other threads: a call from a task would keep that
/// task's worker from its work, and hang where there is no other. [`Blocking`](super::Blocking) is the other way round.
///
/// ```
/// use constance_core::aio::{Blocking, BlockOn};
/// use constance_core::{Backend, Prefix};
/// # use constance_core::testing::ReferenceBackend;
/// # let asynchronous = Blocking::new(ReferenceBackend::new());
///
/// let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("the system gives threads");
/// let backend = BlockOn::new(asynchronous, runtime.handle().clone());
/// assert!(backend.read(&[&Prefix::empty().key("theme")?])?[0].is_absent());
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct BlockOn<B> {
    backend: B,
    runtime: Mutex<Option<Handle>>,
}

impl<B> BlockOn<B> {
    /// Wraps a backend; its futures find this runtime.
    #[must_use]
    pub fn new(backend: B, runtime: Handle) -> Self {
        Self { backend, runtime: Mutex::new(Some(runtime)) }
    }

    /// Wraps a backend that will be told its runtime.
    pub(super) fn without_runtime(backend: B) -> Self {
        Self { backend, runtime: Mutex::new(None) }
    }

    pub(super) fn set_runtime(&self, runtime: Handle) {
        *self.runtime.lock() = Some(runtime);
    }

    /// The backend inside.
    #[must_use]
    pub fn inner(&self) -> &B {
        &self.backend
    }

    pub(super) fn into_inner(self) -> B {
        self.backend
    }

    fn run<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        let runtime = self.runtime.lock().clone();
        let _entered = runtime.as_ref().map(Handle::enter);
        match Arc::new(Signal::default()).wait(pin!(future), None) {
            Ended::Ready(result) => result,
            // Nobody else has this signal.
            Ended::TimedOut | Ended::Interrupted => Err(Error::new(ErrorKind::Timeout)),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: AsyncBackend> Backend for BlockOn<B> {
    fn name(&self) -> &str {
        self.backend.name()
    }

    fn capability(&self) -> Capability {
        self.backend.capability()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.run(self.backend.read(keys))
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.run(self.backend.list(prefix))
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.run(self.backend.write(batch))
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let stored = match self.backend.peek(key) {
            Some(stored) => stored,
            None => self.read(&[key])?.pop().ok_or_else(crate::backend::too_few)?,
        };
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    fn read_with_age(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        self.run(self.backend.read_with_age(keys))
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        let watch = self.run(self.backend.watch(prefix))?;
        Ok(Box::new(Feed { watch, runtime: self.runtime.lock().clone(), signal: Arc::default() }))
    }

    fn default_prefix(&self) -> Prefix {
        self.backend.default_prefix()
    }

    fn declare(&self, keys: &[Key]) {
        self.backend.declare(keys);
    }

    fn forget(&self, keys: &[&Key]) -> Result<()> {
        self.run(self.backend.forget(keys))
    }

    fn ping(&self) -> Result<()> {
        self.run(self.backend.ping())
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        self.run(self.backend.keys_from(prefix, from))
    }

    fn identity(&self) -> Option<String> {
        self.backend.identity()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.run(self.backend.warnings())
    }

    fn migrate(&self) -> Result<()> {
        self.run(self.backend.migrate())
    }
}

impl<B: fmt::Debug> fmt::Debug for BlockOn<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, runtime: _ } = self;
        f.debug_tuple("BlockOn").field(backend).finish()
    }
}

/// A feed that is waited for in a thread.
struct Feed {
    watch: Box<dyn AsyncWatch>,
    runtime: Option<Handle>,
    signal: Arc<Signal>,
}

#[deny(clippy::missing_trait_methods)]
impl Watch for Feed {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let _entered = self.runtime.as_ref().map(Handle::enter);
        let mut changed = self.watch.changed();
        let changed: Pin<&mut _> = changed.as_mut();
        match self.signal.wait(changed, Instant::now().checked_add(timeout)) {
            Ended::Ready(result) => result.map(|()| Wake::Changed),
            Ended::TimedOut => Ok(Wake::TimedOut),
            Ended::Interrupted => Ok(Wake::Interrupted),
        }
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        self.watch.changed_keys()
    }

    fn catch_up(&mut self) -> Result<bool> {
        let _entered = self.runtime.as_ref().map(Handle::enter);
        // An interrupt is for the next wait: another signal.
        match Arc::new(Signal::default()).wait(self.watch.catch_up().as_mut(), None) {
            Ended::Ready(is_sure) => is_sure,
            Ended::TimedOut | Ended::Interrupted => Ok(false),
        }
    }

    fn mode(&self) -> WatchMode {
        self.watch.mode()
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let signal = Arc::clone(&self.signal);
        Some(Box::new(move || signal.interrupt()))
    }
}
