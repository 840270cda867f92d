//! Following changes by client tracking.

use std::sync::Arc;

use constance_core::aio::{AsyncWatch, BoxFuture};
use constance_core::{Error, ErrorKind, Prefix, Result, backend::Cause};
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, cmd};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::connector::Connector;
use crate::error::classify;
use crate::watch::{PING_INTERVAL, PING_TIMEOUT, silent_server_error, tracking_command};

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
}

#[derive(Default)]
struct State {
    changed: bool,
    /// Why the connection has ended.
    ended: Option<Error>,
}

impl AsyncRedisWatch {
    pub(crate) async fn open(connector: &Connector, prefix: &Prefix) -> Result<Self> {
        let Ok(runtime) = Handle::try_current() else {
            return Err(Error::new(ErrorKind::Configuration).with_detail("it was not called in a tokio runtime"));
        };
        let shared = Arc::new(SharedState::default());
        let (of_driver, location) = (Arc::clone(&shared), connector.location());
        let pushes = move |push: PushInfo| {
            match push.kind {
                PushKind::Invalidate => of_driver.update(|state| state.changed = true),
                PushKind::Disconnection => of_driver.end(closed().with_location(location.clone())),
                _ => {}
            }
            Ok::<(), ()>(())
        };
        let mut connection = connector.connect_for_watch(PING_TIMEOUT, pushes).await?;
        let location = connector.location();
        let tracked = tracking_command(prefix).exec_async(&mut connection).await;
        tracked.map_err(|error| classify(&error).at(Some(&location)).error)?;
        let task = runtime.spawn(ping_until_closed(connection, Arc::clone(&shared), location));
        Ok(Self { shared, task })
    }
}

/// Sends `PING` at intervals: nothing else tells that a server is gone without closing the connection.
async fn ping_until_closed(mut connection: MultiplexedConnection, shared: Arc<SharedState>, location: String) {
    // When the runtime ends, the watch ends.
    let _guard = EndGuard(Arc::clone(&shared));
    loop {
        sleep(PING_INTERVAL).await;
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
}

impl Drop for AsyncRedisWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
