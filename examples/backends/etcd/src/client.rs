//! The client, made when it is needed, and how often a request is sent.

use std::time::Duration;

use constance_core::Result;
use etcd_client::{Client, ConnectOptions, Error as DriverError, Txn, TxnResponse};
use tokio::sync::OnceCell;

use crate::error::{classify, is_refused, is_unavailable, timeout};

/// How long a connection, and a request, may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// An answer may hold a thousand values.
const MAX_ANSWER: usize = 1 << 30;

/// A client of some endpoints, or one of the application's own.
pub(crate) struct LazyClient {
    endpoints: Vec<String>,
    options: ConnectOptions,
    client: OnceCell<Client>,
}

/// Whether a request may reach the server twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It changes nothing.
    Read,
    /// It is sent again only where nothing was sent.
    Write,
}

impl LazyClient {
    pub(crate) fn new(endpoints: Vec<String>, options: ConnectOptions) -> Self {
        let options = options.with_connect_timeout(CONNECT_TIMEOUT).with_timeout(REQUEST_TIMEOUT);
        Self { endpoints, options, client: OnceCell::new() }
    }

    pub(crate) fn of(client: Client) -> Self {
        Self { endpoints: Vec::new(), options: ConnectOptions::new(), client: OnceCell::new_with(Some(client)) }
    }

    /// The endpoints, in an order that does not depend on how they were given.
    pub(crate) fn identity(&self) -> Option<String> {
        let mut endpoints = self.endpoints.clone();
        endpoints.sort();
        (!endpoints.is_empty()).then(|| format!("etcd {}", endpoints.join(",")))
    }

    /// The client; clones share its connections. With a user this asks the server for a token, and is tried again by the
    /// next call where that failed.
    pub(crate) async fn get(&self) -> Result<Client> {
        let made = self.client.get_or_try_init(|| Client::connect(&self.endpoints, Some(self.options.clone())));
        match tokio::time::timeout(REQUEST_TIMEOUT, made).await {
            Ok(client) => client.cloned().map_err(|error| classify(&error)),
            Err(_) => Err(timeout()),
        }
    }

    /// Sends a transaction, which every request is, within the time that a request may take.
    pub(crate) async fn send(&self, repeat: Repeat, transaction: Txn) -> Result<Result<TxnResponse, DriverError>> {
        let mut client = self.get().await?.kv_client().max_decoding_message_size(MAX_ANSWER);
        // Each endpoint may be the one that is down.
        let mut left = self.endpoints.len().max(1);
        let sent = async {
            loop {
                match client.txn(transaction.clone()).await {
                    Err(error) if left > 0 && may_repeat(repeat, &error) => left -= 1,
                    done => return done,
                }
            }
        };
        tokio::time::timeout(REQUEST_TIMEOUT, sent).await.map_err(|_| timeout())
    }
}

fn may_repeat(repeat: Repeat, error: &DriverError) -> bool {
    is_refused(error) || (repeat == Repeat::Read && is_unavailable(error))
}
