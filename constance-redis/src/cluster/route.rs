//! Sending a question to the node that can answer it.

use std::sync::Arc;

use constance_core::{Error, ErrorKind, Result};
use redis::{ConnectionLike, RedisResult, cmd};

use super::Cluster;
use super::node::{Node, State};

/// How many nodes one question is sent to before it is given up.
const HOPS: usize = 6;

/// Whether a question may be asked again where nobody knows what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It only reads.
    Always,
    /// It is sent again only where it certainly was not done.
    IfUndone,
}

impl Cluster {
    /// Does `work` at the node that serves a slot, wherever that is by now. `moving` is the same in a single command, for
    /// the node that takes the slot over: it listens to one command of those who ask.
    ///
    /// The inner result is an `Err` where some keys of the slot are on their way to another node, so that commands with
    /// several keys are refused.
    pub(super) fn route<T>(
        &self,
        slot: u16,
        repeat: Repeat,
        work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
        moving: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
    ) -> Result<Result<T>> {
        let (mut node, mut asking) = (self.owner(slot)?, false);
        let (mut looked, mut reopened) = (false, false);
        let mut failure = None;
        for _ in 0..HOPS {
            let done = node.once(repeat == Repeat::IfUndone, |connection| match asking {
                false => work(connection),
                true => {
                    cmd("ASKING").exec(connection)?;
                    moving(connection)
                }
            });
            let failed = match done {
                Ok(value) => return Ok(Ok(value)),
                Err(failed) => failed,
            };
            let undone = match failed.state {
                State::Answered => return Err(failed.error),
                State::Split => return Ok(Err(failed.error)),
                State::Moved(place) => {
                    // Whether the look succeeds or not, this node knows where the slot is.
                    let _ = self.look_around(Some(&place), Some(&node.address));
                    (node, asking) = (self.node(&place), false);
                    failure = Some(failed.error);
                    continue;
                }
                State::Ask(place) => {
                    (node, asking) = (self.node(&place), true);
                    failure = Some(failed.error);
                    continue;
                }
                State::Closed if repeat == Repeat::Always && !reopened => {
                    reopened = true;
                    failure = Some(failed.error);
                    continue;
                }
                State::Undone => true,
                State::Closed | State::Unknown => false,
            };
            // The node may be dead, and another one may serve the slot by now. Else the next call finds it.
            if !looked {
                looked = true;
                let owner = self.look_around(None, Some(&node.address)).ok().and_then(|map| map.owner(slot).cloned());
                if let Some(owner) = owner
                    && owner.address != node.address
                    && (undone || repeat == Repeat::Always)
                {
                    (node, asking) = (owner, false);
                    failure = Some(failed.error);
                    continue;
                }
            }
            return Err(failed.error);
        }
        Err(failure.unwrap_or_else(|| Error::new(ErrorKind::Unavailable)))
    }

    pub(super) fn owner(&self, slot: u16) -> Result<Arc<Node>> {
        if let Some(owner) = self.map()?.owner(slot) {
            return Ok(Arc::clone(owner));
        }
        self.look_around(None, None)?.owner(slot).cloned().ok_or_else(unserved)
    }
}

/// The error where a part of the cluster is missing.
pub(super) fn unserved() -> Error {
    Error::new(ErrorKind::Unavailable).with_detail("no node of the cluster serves the slot")
}
