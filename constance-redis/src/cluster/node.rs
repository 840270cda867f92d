//! One node of a cluster.

use std::fmt;

use constance_core::Error;
use redis::{ConnectionLike, ErrorKind as DriverKind, RedisError, RedisResult, ServerErrorKind};

use super::map::Address;
use crate::connections::Connections;
use crate::error::{INTERRUPTIONS, fault};
use crate::pool::Pool;

/// A node with a pool of connections of its own, so that one that is dead holds up nobody but those who ask it.
pub(super) struct Node {
    pub(super) address: Address,
    pub(super) pool: Pool,
}

/// Why a node did not do what it was asked to.
pub(super) struct Failure {
    pub(super) error: Error,
    /// What the failure leaves open.
    pub(super) state: State,
}

/// What a failure leaves open.
pub(super) enum State {
    /// Nothing was sent, or the node refused it as one that does not take it: nothing was done.
    Undone,
    /// A connection that had lain idle was closed; another one may do.
    Closed,
    /// The connection failed: what was sent may be done or not.
    Unknown,
    /// A clean answer.
    Answered,
    /// Nothing was done: another node has the slot.
    Moved(Address),
    /// Nothing was done: another node has the key, and takes it from those who ask for it in so many words.
    Ask(Address),
    /// Nothing was done: some of the keys are on their way to another node.
    Split,
}

impl Node {
    /// One try on one connection; where a signal interrupts what only reads, on another one. A connection that is to change
    /// something is looked at first where it has rested.
    pub(super) fn once<T>(
        &self,
        change: bool,
        work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
    ) -> Result<T, Failure> {
        let mut interrupted = 0;
        loop {
            match self.uninterrupted(change, &work) {
                Err((_, true)) if !change && interrupted < INTERRUPTIONS => interrupted += 1,
                done => return done.map_err(|(failure, _)| failure),
            }
        }
    }

    /// As [`once`](Self::once); whether a signal interrupted it stands beside the failure.
    fn uninterrupted<T>(
        &self,
        change: bool,
        work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
    ) -> Result<T, (Failure, bool)> {
        let lease = if change { self.pool.lend_for_change() } else { self.pool.lend() };
        let mut lease = lease.map_err(|error| (Failure { error, state: State::Undone }, false))?;
        let error = match work(lease.connection()) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let fault = fault(&error);
        if fault.broken {
            lease.failed(fault.gone);
        }
        let state = match redirection(&error, &self.address) {
            Some(state) => state,
            None if matches!(error.kind(), DriverKind::Server(ServerErrorKind::ReadOnly)) => State::Undone,
            None if matches!(error.kind(), DriverKind::Server(ServerErrorKind::ClusterDown)) => State::Undone,
            None if fault.gone && lease.is_used() => State::Closed,
            None if fault.broken => State::Unknown,
            None => State::Answered,
        };
        Err((Failure { error: fault.error, state }, fault.interrupted))
    }
}

/// Where an error sends the question.
pub(super) fn redirection(error: &RedisError, asked: &Address) -> Option<State> {
    let there = || Address::parse(error.redirect_node()?.0, asked);
    match error.kind() {
        DriverKind::Server(ServerErrorKind::Moved) => there().map(State::Moved),
        DriverKind::Server(ServerErrorKind::Ask) => there().map(State::Ask),
        DriverKind::Server(ServerErrorKind::TryAgain) => Some(State::Split),
        _ => None,
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, pool: _ } = self;
        address.fmt(f)
    }
}
