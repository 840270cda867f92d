//! Following changes by client tracking.

use std::sync::Arc;

use constance_core::aio::{AsyncWatch, BoxFuture};
use constance_core::backend::{Cause, ChangedKeys};
use constance_core::{Error, ErrorKind, Prefix, Result, WatchMode};
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, cmd};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::connector::Connector;
use crate::error::classify;
use crate::watch::{
    PING_INTERVAL, PING_TIMEOUT, PROOF_TIMEOUT, add_keys, proof_command, silent_server_error, tracking_command,
};

/// Follows every change of a key with a prefix, as the watch of [`crate::watch`] does.
///
/// The connection belongs to a task in the runtime that the watch was opened in. A caller who waits needs no runtime.
pub(crate) struct AsyncRedisWatch {
    shared: Arc<SharedState>,
    task: JoinHandle<()>,
}

/// What the driver, the task and the watch share. Changes are merged, and a dropped future loses none.
#[derive(Default)]
struct SharedState {
    state: Mutex<State>,
    updated: Notify,
    /// Wakes the task: a proof is wanted.
    wanted: Notify,
}

#[derive(Default)]
struct State {
    changed: bool,
    /// Named by the server and not yet asked for.
    keys: ChangedKeys,
    /// The number of the last proof that the caller asked for, and of the last that has come or failed to, and whether it came.
    asked: u64,
    answered: (u64, bool),
    /// Why the connection has ended.
    ended: Option<Error>,
}

impl AsyncRedisWatch {
    pub(crate) async fn open(connector: &Connector, prefix: &Prefix) -> Result<Self> {
        let Ok(runtime) = Handle::try_current() else {
            return Err(Error::new(ErrorKind::Configuration).with_detail("it was not called in a tokio runtime"));
        };
        let shared = Arc::new(SharedState::default());
        let (of_driver, location, named_under) = (Arc::clone(&shared), connector.location(), prefix.clone());
        let pushes = move |push: PushInfo| {
            match push.kind {
                PushKind::Invalidate => of_driver.update(|state| {
                    state.changed = true;
                    add_keys(&mut state.keys, &push.data, &named_under);
                }),
                PushKind::Disconnection => of_driver.end(closed().with_location(location.clone())),
                _ => {}
            }
            Ok::<(), ()>(())
        };
        let mut connection = connector.connect_for_watch(PING_TIMEOUT, pushes).await?;
        let location = connector.location();
        let tracked = tracking_command(prefix).exec_async(&mut connection).await;
        tracked.map_err(|error| classify(&error).at(Some(&location)).error)?;
        let task = runtime.spawn(keep_asking(connection, Arc::clone(&shared), location));
        Ok(Self { shared, task })
    }
}

/// Sends `PING` at intervals: nothing else tells that a server is gone without closing the connection. And when the caller wants a
/// proof that nothing else is on its way: the driver hands on what was pushed before it gives a reply.
async fn keep_asking(mut connection: MultiplexedConnection, shared: Arc<SharedState>, location: String) {
    // When the runtime ends, the watch ends.
    let _guard = EndGuard(Arc::clone(&shared));
    loop {
        if timeout(PING_INTERVAL, shared.wanted.notified()).await.is_ok() {
            let number = shared.state.lock().asked;
            let proof = timeout(PROOF_TIMEOUT, proof_command(number).exec_async(&mut connection)).await;
            shared.update(|state| state.answered = (number, matches!(proof, Ok(Ok(())))));
            continue;
        }
        if let Err(error) = cmd("PING").exec_async(&mut connection).await {
            let error = if error.is_timeout() { silent_server_error() } else { classify(&error).error };
            return shared.end(error.with_location(location));
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Unavailable)
        .with_detail("the connection was closed")
        .with_cause(Cause::new("redis").with_code("closed"))
}

impl SharedState {
    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.updated.notify_one();
    }

    /// Keeps the first error.
    fn end(&self, error: Error) {
        self.update(|state| {
            state.ended.get_or_insert(error);
        });
    }

    fn take(&self) -> Option<Result<()>> {
        let mut state = self.state.lock();
        match &state.ended {
            Some(error) => Some(Err(error.clone())),
            None => std::mem::take(&mut state.changed).then_some(Ok(())),
        }
    }
}

struct EndGuard(Arc<SharedState>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.end(closed());
    }
}

#[deny(clippy::missing_trait_methods)]
impl AsyncWatch for AsyncRedisWatch {
    fn changed(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            loop {
                if let Some(result) = self.shared.take() {
                    return result;
                }
                // `Notify` keeps what arrives between the two lines.
                self.shared.updated.notified().await;
            }
        })
    }
    fn changed_keys(&mut self) -> ChangedKeys {
        self.shared.state.lock().keys.take()
    }

    fn catch_up(&mut self) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async {
            let number = {
                let mut state = self.shared.state.lock();
                state.asked += 1;
                state.asked
            };
            self.shared.wanted.notify_one();
            loop {
                let (error, (answered, is_proven)) = {
                    let state = self.shared.state.lock();
                    (state.ended.clone(), state.answered)
                };
                if let Some(error) = error {
                    return Err(error);
                }
                if answered >= number {
                    return Ok(is_proven);
                }
                self.shared.updated.notified().await;
            }
        })
    }

    fn mode(&self) -> WatchMode {
        WatchMode::Pushed
    }
}

impl Drop for AsyncRedisWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
