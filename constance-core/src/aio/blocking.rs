//! Any backend on tokio's blocking threads.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::{AsyncBackend, AsyncWatch, BoxFuture};
use crate::{
    Backend, Error, ErrorKind, Prefix, Result, Warning, WatchMode,
    backend::{Applied, Batch, Capability, ChangedKeys, Key, Portion, Stored, Wake, Watch},
};

/// Makes any [`Backend`] an [`AsyncBackend`]: each call runs on one of tokio's blocking threads.
///
/// A future that is dropped leaves its call to finish by itself, so a write is whole or not at all as ever. Outside a tokio
/// runtime every call is an `Err`. An open feed has a thread of its own.
///
/// ```
/// use constance_core::aio::{AsyncConfig, Blocking};
/// # use constance_core::Settings;
/// # use constance_core::testing::ReferenceBackend as SomeBackend;
/// # #[derive(Clone, Settings)]
/// # struct Shop {
/// #     #[setting(default = 42)]
/// #     the_answer: i64,
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> constance_core::Result<()> {
/// let config = AsyncConfig::<Shop>::new(Blocking::new(SomeBackend::new()));
/// assert_eq!(config.get(Shop::THE_ANSWER).await?, 42);
/// # Ok(())
/// # }
/// ```
pub struct Blocking<B: ?Sized>(Arc<B>);

impl<B: Backend + 'static> Blocking<B> {
    /// Wraps a backend.
    #[must_use]
    pub fn new(backend: B) -> Self {
        Self(Arc::new(backend))
    }
}

impl<B: Backend + ?Sized + 'static> Blocking<B> {
    /// The backend inside.
    #[must_use]
    pub fn inner(&self) -> &B {
        &self.0
    }

    fn run<'a, T, F>(&self, call: F) -> BoxFuture<'a, Result<T>>
    where
        T: Send + 'static,
        F: FnOnce(&B) -> Result<T> + Send + 'static,
    {
        let backend = Arc::clone(&self.0);
        Box::pin(async move {
            let Ok(runtime) = Handle::try_current() else {
                return Err(Error::new(ErrorKind::Configuration).with_detail("it was not called in a tokio runtime"));
            };
            match runtime.spawn_blocking(move || call(&backend)).await {
                Ok(result) => result,
                Err(end) => match end.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(_) => Err(Error::new(ErrorKind::Unavailable).with_detail("the tokio runtime is shutting down")),
                },
            }
        })
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Backend + ?Sized + 'static> AsyncBackend for Blocking<B> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capability(&self) -> Capability {
        self.0.capability()
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        let keys: Vec<Key> = keys.iter().copied().cloned().collect();
        self.run(move |backend| backend.read(&keys.iter().collect::<Vec<_>>()))
    }

    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        let prefix = prefix.clone();
        self.run(move |backend| backend.list(&prefix))
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        let batch = batch.clone();
        self.run(move |backend| backend.write(&batch))
    }

    // A synchronous backend cannot say whether it would have to wait.
    fn peek(&self, key: &Key) -> Option<Stored> {
        let _ = key;
        None
    }

    fn read_with_age<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<(Vec<Stored>, Duration)>> {
        let keys: Vec<Key> = keys.iter().copied().cloned().collect();
        self.run(move |backend| backend.read_with_age(&keys.iter().collect::<Vec<_>>()))
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Box<dyn AsyncWatch>>> {
        let prefix = prefix.clone();
        self.run(move |backend| Feed::follow(backend.watch(&prefix)?).map(|feed| Box::new(feed) as _))
    }

    fn default_prefix(&self) -> Prefix {
        self.0.default_prefix()
    }

    fn declare(&self, keys: &[Key]) {
        self.0.declare(keys);
    }

    fn forget<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<()>> {
        let keys: Vec<Key> = keys.iter().map(|key| (*key).clone()).collect();
        self.run(move |backend| backend.forget(&keys.iter().collect::<Vec<_>>()))
    }

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        self.run(|backend| backend.ping())
    }

    fn keys_from<'a>(&'a self, prefix: &'a Prefix, from: Option<&'a [u8]>) -> BoxFuture<'a, Result<Portion>> {
        let (prefix, from) = (prefix.clone(), from.map(<[u8]>::to_vec));
        self.run(move |backend| backend.keys_from(&prefix, from.as_deref()))
    }

    fn identity(&self) -> Option<String> {
        self.0.identity()
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<Warning>>> {
        self.run(|backend| backend.warnings())
    }

    fn migrate(&self) -> BoxFuture<'_, Result<()>> {
        self.run(|backend| backend.migrate())
    }
}

impl<B: ?Sized> From<Arc<B>> for Blocking<B> {
    fn from(backend: Arc<B>) -> Self {
        Self(backend)
    }
}

impl<B: ?Sized> Clone for Blocking<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: fmt::Debug + ?Sized> fmt::Debug for Blocking<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Blocking").field(&&*self.0).finish()
    }
}

/// A feed that a thread waits on.
struct Feed {
    wakes: mpsc::Receiver<Result<()>>,
    shared: Arc<Shared>,
    interrupt: Option<Box<dyn Fn() + Send + Sync>>,
}

/// What the thread and its feed share.
struct Shared {
    stopping: AtomicBool,
    state: Mutex<FeedState>,
}

struct FeedState {
    mode: WatchMode,
    changed: ChangedKeys,
    /// Who wants to know whether the feed has caught up.
    asked: Option<oneshot::Sender<Result<bool>>>,
    ended: bool,
}

/// Lets nobody wait for a thread that has ended, also by a panic.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        let asked = {
            let mut state = self.0.state.lock();
            state.ended = true;
            state.asked.take()
        };
        drop(asked);
    }
}

/// How long the thread of a dropped feed may stay, where nothing interrupts it.
const UNINTERRUPTED: Duration = Duration::from_secs(1);

impl Feed {
    fn follow(mut watch: Box<dyn Watch>) -> Result<Self> {
        let interrupt = watch.interrupter();
        // One place: wakes that nobody has taken yet are merged.
        let (told, wakes) = mpsc::channel(1);
        let state = FeedState { mode: watch.mode(), changed: ChangedKeys::none(), asked: None, ended: false };
        let shared = Arc::new(Shared { stopping: AtomicBool::new(false), state: Mutex::new(state) });
        let feed = Self { wakes, shared: Arc::clone(&shared), interrupt };
        let follow = move || {
            let _end = End(Arc::clone(&shared));
            while !shared.stopping.load(Ordering::Acquire) {
                let woken = watch.wait(UNINTERRUPTED);
                let is_changed = matches!(woken, Ok(Wake::Changed));
                let mode = watch.mode();
                let asked = {
                    let mut state = shared.state.lock();
                    state.mode = mode;
                    state.asked.take()
                };
                let caught_up = asked.is_some().then(|| watch.catch_up());
                if is_changed || caught_up.is_some() {
                    let changed = watch.changed_keys();
                    shared.state.lock().changed.join(changed);
                }
                if is_changed {
                    let _ = told.try_send(Ok(()));
                }
                if let (Some(asked), Some(caught_up)) = (asked, caught_up) {
                    let _ = asked.send(caught_up);
                }
                if let Err(error) = woken {
                    return drop(told.blocking_send(Err(error)));
                }
            }
        };
        let thread = thread::Builder::new().name("constance-watch".to_owned());
        thread
            .spawn(follow)
            .map_err(|_| Error::new(ErrorKind::Unavailable).with_detail("the system gave no thread to follow with"))?;
        Ok(feed)
    }
}

#[deny(clippy::missing_trait_methods)]
impl AsyncWatch for Feed {
    fn changed(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let ended = || Err(Error::new(ErrorKind::Unavailable).with_detail("the feed of changes has ended"));
            self.wakes.recv().await.unwrap_or_else(ended)
        })
    }

    fn changed_keys(&mut self) -> ChangedKeys {
        self.shared.state.lock().changed.take()
    }

    fn catch_up(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async {
            // Else the thread may wait for long before it hears of it.
            let Some(interrupt) = &self.interrupt else { return Ok(false) };
            let (asked, answer) = oneshot::channel();
            {
                let mut state = self.shared.state.lock();
                // Where the thread has ended, the next wait says why.
                state.asked = Some(asked).filter(|_| !state.ended);
            }
            interrupt();
            answer.await.unwrap_or(Ok(false))
        })
    }

    fn mode(&self) -> WatchMode {
        self.shared.state.lock().mode
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        if let Some(interrupt) = &self.interrupt {
            interrupt();
        }
    }
}
