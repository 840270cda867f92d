//! The backend.

use std::fmt;

use constance_core::aio::{AsyncBackend, AsyncWatch, BoxFuture};
use constance_core::{
    Error, ErrorKind, Prefix, Result,
    backend::{Applied, Batch, Capability, Encoded, Key, Op, Stored},
};
use etcd_client::{Client, ConnectOptions, Error as DriverError, GetOptions, Txn, TxnOp, TxnOpResponse};

use crate::client::{LazyClient, Repeat};
use crate::error::{classify, is_compacted};
use crate::transaction::{MAX_OPERATIONS, applied, stored, too_few, transaction};
use crate::watch::Feed;

/// A server takes requests of 1.5 MiB, and 128 operations have names of their own in one.
const MAX_VALUE_LEN: usize = 1 << 20;
const MAX_BATCH_LEN: usize = 1_500_000;
/// How many keys come in one answer to a listing.
const PAGE: i64 = 500;

/// Settings in etcd.
///
/// It has one client, which keeps a connection to each endpoint and finds the leader by itself.
pub struct EtcdBackend {
    client: LazyClient,
}

impl EtcdBackend {
    /// A backend on the members of one cluster, such as `http://127.0.0.1:2379`. No I/O.
    pub fn new<E: Into<String>>(endpoints: impl IntoIterator<Item = E>) -> Self {
        Self::with_options(endpoints, ConnectOptions::new())
    }

    /// The same, with a user or TLS. Timeouts are those of the backend: 2 s to connect, 5 s for a request. No I/O.
    pub fn with_options<E: Into<String>>(endpoints: impl IntoIterator<Item = E>, options: ConnectOptions) -> Self {
        Self { client: LazyClient::new(endpoints.into_iter().map(Into::into).collect(), options) }
    }

    /// A backend over the application's own client. No I/O.
    #[must_use]
    pub fn with_client(client: Client) -> Self {
        Self { client: LazyClient::of(client) }
    }

    /// Some keys at a revision, or as they are now with `0`; and the revision.
    async fn read_some(&self, keys: &[&Key], revision: i64) -> Result<Result<(Vec<Stored>, i64), DriverError>> {
        let options = (revision > 0).then(|| GetOptions::new().with_revision(revision));
        let gets: Vec<TxnOp> = keys.iter().map(|key| TxnOp::get(key.as_str(), options.clone())).collect();
        let answer = match self.client.send(Repeat::Read, Txn::new().and_then(gets)).await? {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        let revision = answer.header().map_or(0, |header| header.revision());
        let found: Vec<Stored> = answer.op_responses().into_iter().map(stored).collect();
        if found.len() == keys.len() { Ok(Ok((found, revision))) } else { Err(too_few()) }
    }

    async fn list_pages(&self, prefix: &Prefix) -> Result<Result<Vec<(Key, Stored)>, DriverError>> {
        let (mut found, mut from, mut revision) = (Vec::new(), start_of(prefix), 0);
        let end = end_of(prefix);
        loop {
            let options = GetOptions::new().with_range(end.clone()).with_limit(PAGE).with_revision(revision);
            let get = Txn::new().and_then([TxnOp::get(from.clone(), Some(options))]);
            let answer = match self.client.send(Repeat::Read, get).await? {
                Ok(answer) => answer,
                Err(error) => return Ok(Err(error)),
            };
            if revision == 0 {
                revision = answer.header().map_or(0, |header| header.revision());
            }
            let Some(TxnOpResponse::Get(page)) = answer.op_responses().pop() else { return Err(too_few()) };
            for entry in page.kvs() {
                if let Some(key) = prefix.key_of(entry.key()) {
                    found.push((key, Stored::Value(Encoded::from(entry.value()))));
                }
            }
            let Some(last) = page.kvs().last().filter(|_| page.more()) else { return Ok(Ok(found)) };
            from = [last.key(), b"\0"].concat();
        }
    }
}

impl AsyncBackend for EtcdBackend {
    fn name(&self) -> &str {
        "etcd"
    }

    fn capability(&self) -> Capability {
        Capability::new()
            .with_persistent(true)
            .with_shared(true)
            .with_watch(true)
            .with_max_value_len(MAX_VALUE_LEN)
            .with_max_changes(MAX_OPERATIONS)
            .with_max_expectations(MAX_OPERATIONS)
            .with_max_batch_len(MAX_BATCH_LEN)
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        Box::pin(async move {
            'again: loop {
                let (mut all, mut revision) = (Vec::with_capacity(keys.len()), 0);
                for some in keys.chunks(MAX_OPERATIONS) {
                    match self.read_some(some, revision).await? {
                        Ok((found, now)) => {
                            all.extend(found);
                            // The later ones read what the first one read from.
                            revision = if revision > 0 { revision } else { now };
                        }
                        // The revision was given up while we read.
                        Err(error) if is_compacted(&error) && revision > 0 => continue 'again,
                        Err(error) => return Err(classify(&error)),
                    }
                }
                return Ok(all);
            }
        })
    }

    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        Box::pin(async move {
            loop {
                match self.list_pages(prefix).await? {
                    Err(error) if is_compacted(&error) => {}
                    listed => return listed.map_err(|error| classify(&error)),
                }
            }
        })
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        Box::pin(async move {
            if batch.changes().is_empty() {
                return Ok(Applied::Done(Vec::new()));
            }
            let is_too_long = |op: &Op| matches!(op, Op::Set(value) if value.len() > MAX_VALUE_LEN);
            if batch.changes().iter().any(|change| is_too_long(&change.op)) {
                return Err(Error::new(ErrorKind::Encode).with_detail("a value is longer than 1 MiB"));
            }
            self.capability().check(batch)?;
            let answer = self.client.send(Repeat::Write, transaction(batch)?).await?;
            applied(batch, answer.map_err(|error| classify(&error))?)
        })
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Box<dyn AsyncWatch>>> {
        Box::pin(async move {
            let feed = Feed::open(self.client.get().await?, start_of(prefix), end_of(prefix)).await?;
            Ok(Box::new(feed) as Box<dyn AsyncWatch>)
        })
    }

    fn identity(&self) -> Option<String> {
        self.client.identity()
    }
}

/// The first key that may begin with the prefix: etcd has none without a byte.
fn start_of(prefix: &Prefix) -> Vec<u8> {
    let start = prefix.as_str().as_bytes();
    if start.is_empty() { vec![0] } else { start.to_vec() }
}

/// The first key after all that begin with the prefix; `\0` stands for the end of all keys.
fn end_of(prefix: &Prefix) -> Vec<u8> {
    let mut end = prefix.as_str().as_bytes().to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    vec![0]
}

impl fmt::Debug for EtcdBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdBackend").finish_non_exhaustive()
    }
}
