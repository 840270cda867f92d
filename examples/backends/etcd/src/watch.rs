//! The feed of changes.

use std::time::Duration;

use constance_core::aio::{AsyncWatch, BoxFuture};
use constance_core::{Error, ErrorKind, Result};
use etcd_client::{Client, Error as DriverError, WatchOptions, WatchStream};

use crate::error::{classify, timeout};

/// How long the server may take to begin.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything under a prefix after a revision. Where the connection breaks, it goes on from there over another one.
pub(crate) struct Feed {
    client: Client,
    from: Vec<u8>,
    end: Vec<u8>,
    /// What comes next.
    next: i64,
    stream: Option<WatchStream>,
}

impl Feed {
    pub(crate) async fn open(client: Client, from: Vec<u8>, end: Vec<u8>) -> Result<Self> {
        let mut feed = Self { client, from, end, next: 0, stream: None };
        feed.reopen().await?;
        Ok(feed)
    }

    /// Asks for what comes next, or for what changes from now on where nothing was seen yet.
    async fn reopen(&mut self) -> Result<()> {
        let options = WatchOptions::new().with_range(self.end.clone()).with_start_revision(self.next);
        let mut client = self.client.watch_client();
        let opened = async {
            let mut stream = client.watch(self.from.clone(), Some(options)).await?;
            // The server has to have begun: what changes after this returns, wakes.
            let first = stream.message().await?;
            Ok::<_, DriverError>((stream, first))
        };
        let opened = tokio::time::timeout(OPEN_TIMEOUT, opened).await.map_err(|_| timeout())?;
        let (stream, first) = opened.map_err(|error| classify(&error))?;
        let first = first.filter(|first| first.created() && !first.canceled()).ok_or_else(ended)?;
        if self.next == 0 {
            self.next = first.header().map_or(0, |header| header.revision()) + 1;
        }
        self.stream = Some(stream);
        Ok(())
    }

    async fn next_change(&mut self) -> Result<()> {
        let mut has_failed = false;
        loop {
            let Some(stream) = &mut self.stream else {
                self.reopen().await?;
                continue;
            };
            match stream.message().await {
                Ok(Some(message)) if message.canceled() => {
                    // What lies in between was given up: it has to be read anew.
                    self.stream = None;
                    let is_compacted = message.compact_revision() > 0;
                    self.next = 0;
                    if is_compacted {
                        return Ok(());
                    }
                    return Err(ended());
                }
                Ok(Some(message)) => {
                    if let Some(last) =
                        message.events().iter().filter_map(|event| event.kv()).map(|entry| entry.mod_revision()).max()
                    {
                        self.next = last + 1;
                        return Ok(());
                    }
                }
                Ok(None) | Err(_) if !has_failed => {
                    has_failed = true;
                    self.stream = None;
                }
                Ok(None) => return Err(ended()),
                Err(error) => return Err(classify(&error)),
            }
        }
    }
}

impl AsyncWatch for Feed {
    fn changed(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.next_change())
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::Unavailable).with_detail("the server ended the feed")
}
