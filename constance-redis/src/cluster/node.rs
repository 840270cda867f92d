//! One node of a cluster.

use std::fmt;

use constance_core::Error;
use constance_pool::Purpose;
use redis::{ConnectionLike, ErrorKind as DriverKind, RedisError, RedisResult, ServerErrorKind};

use super::slot_map::Address;
use crate::connection_source::BorrowedConnection as _;
use crate::error::{MAX_INTERRUPTIONS, classify};
use crate::pool::Pool;

/// A node with a pool of its own, so that a dead node delays only calls that need it.
pub(super) struct Node {
    pub(super) address: Address,
    pub(super) pool: Pool,
}

/// The error of a node.
pub(super) struct NodeFailure {
    pub(super) error: Error,
    pub(super) outcome: Outcome,
}

/// What is known after an error.
pub(super) enum Outcome {
    /// Nothing was sent, or the node has refused it: nothing was done.
    NotApplied,
    /// The server had closed an idle connection.
    StaleConnection,
    /// The connection has failed, and the commands may be done or not.
    Unknown,
    /// The server has replied with an error.
    ServerError,
    /// Nothing was done: another node has the slot.
    Moved(Address),
    /// Nothing was done: another node has the key and takes the command after `ASKING`.
    Ask(Address),
    /// Nothing was done: some of the keys have moved to another node already.
    TryAgain,
}

impl Node {
    /// Runs `work` on one connection. A read runs again where a signal interrupted it.
    pub(super) fn run<T>(
        &self,
        purpose: Purpose,
        work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
    ) -> Result<T, NodeFailure> {
        let mut interrupted = 0;
        loop {
            match self.attempt(purpose, &work) {
                Err((_, true)) if purpose == Purpose::Read && interrupted < MAX_INTERRUPTIONS => interrupted += 1,
                done => return done.map_err(|(failure, _)| failure),
            }
        }
    }

    /// One attempt. Also returns whether a signal interrupted it.
    fn attempt<T>(
        &self,
        purpose: Purpose,
        work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
    ) -> Result<T, (NodeFailure, bool)> {
        let mut connection =
            self.pool.get(purpose).map_err(|error| (NodeFailure { error, outcome: Outcome::NotApplied }, false))?;
        let error = match work(&mut *connection) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let failure = classify(&error).at(Some((*connection).location()));
        if failure.is_broken {
            connection.mark_broken(failure.is_closed);
        }
        let outcome = match redirection(&error, &self.address) {
            Some(outcome) => outcome,
            None if matches!(error.kind(), DriverKind::Server(ServerErrorKind::ReadOnly)) => Outcome::NotApplied,
            None if matches!(error.kind(), DriverKind::Server(ServerErrorKind::ClusterDown)) => Outcome::NotApplied,
            None if failure.is_closed && connection.is_used() => Outcome::StaleConnection,
            None if failure.is_broken => Outcome::Unknown,
            None => Outcome::ServerError,
        };
        Err((NodeFailure { error: failure.error, outcome }, failure.is_interrupted))
    }
}

/// Where an error redirects the command to.
pub(super) fn redirection(error: &RedisError, asked: &Address) -> Option<Outcome> {
    let address = || Address::parse(error.redirect_node()?.0, asked);
    match error.kind() {
        DriverKind::Server(ServerErrorKind::Moved) => address().map(Outcome::Moved),
        DriverKind::Server(ServerErrorKind::Ask) => address().map(Outcome::Ask),
        DriverKind::Server(ServerErrorKind::TryAgain) => Some(Outcome::TryAgain),
        _ => None,
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, pool: _ } = self;
        address.fmt(f)
    }
}
