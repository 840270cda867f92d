//! A feed of changes that the server pushes.

use std::sync::Arc;

use constance_core::aio::{AsyncWatch, BoxFuture};
use constance_core::{Cause, Error, ErrorKind, Prefix, Result};
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, cmd};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::opener::Opener;
use crate::error::fault;
use crate::watch::{ASK, PATIENCE, silent, tracking};

/// Client-side caching of Redis over a connection of its own, as [`crate::watch`] has it.
///
/// The connection belongs to a task in the runtime that the feed was opened in; whoever waits needs no runtime.
pub(crate) struct Feed {
    news: Arc<News>,
    keeper: JoinHandle<()>,
}

/// What has come and nobody has taken yet: wakes are merged, and none is lost with a dropped future.
#[derive(Default)]
struct News {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    changed: bool,
    /// Why there will be no more.
    broken: Option<Error>,
}

impl Feed {
    pub(crate) async fn open(opener: &Opener, prefix: &Prefix) -> Result<Self> {
        let Ok(runtime) = Handle::try_current() else {
            return Err(Error::new(ErrorKind::Configuration).with_detail("it was not called in a tokio runtime"));
        };
        let news = Arc::new(News::default());
        let told = Arc::clone(&news);
        let pushes = move |push: PushInfo| {
            match push.kind {
                PushKind::Invalidate => told.tell(|state| state.changed = true),
                PushKind::Disconnection => told.end(closed()),
                _ => {}
            }
            Ok::<(), ()>(())
        };
        let mut connection = opener.open_for_pushes(PATIENCE, pushes).await?;
        tracking(prefix).exec_async(&mut connection).await.map_err(|error| fault(&error).error)?;
        let keeper = runtime.spawn(keep(connection, Arc::clone(&news)));
        Ok(Self { news, keeper })
    }
}

/// Holds the connection, and asks for a sign of life now and then: a server that is gone without a word says nothing else.
async fn keep(mut connection: MultiplexedConnection, news: Arc<News>) {
    // Where the runtime ends, so does the feed.
    let _ended = Ended(Arc::clone(&news));
    loop {
        sleep(ASK).await;
        if let Err(error) = cmd("PING").exec_async(&mut connection).await {
            return news.end(if error.is_timeout() { silent() } else { fault(&error).error });
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Unavailable)
        .with_detail("the connection was closed")
        .with_cause(Cause::new("redis").with_code("closed"))
}

impl News {
    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.arrived.notify_one();
    }

    /// The first reason counts.
    fn end(&self, error: Error) {
        self.tell(|state| {
            state.broken.get_or_insert(error);
        });
    }

    fn take(&self) -> Option<Result<()>> {
        let mut state = self.state.lock();
        match &state.broken {
            Some(error) => Some(Err(error.clone())),
            None => std::mem::take(&mut state.changed).then_some(Ok(())),
        }
    }
}

struct Ended(Arc<News>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.end(closed());
    }
}

impl AsyncWatch for Feed {
    fn changed(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            loop {
                if let Some(told) = self.news.take() {
                    return told;
                }
                // What arrives between the look and this is kept for it.
                self.news.arrived.notified().await;
            }
        })
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
