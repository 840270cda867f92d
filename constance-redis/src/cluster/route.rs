//! Sending commands to the node that serves their slot.

use std::sync::Arc;

use constance_core::{Error, ErrorKind, Result};
use constance_pool::Purpose;
use redis::{ConnectionLike, RedisResult, cmd};

use super::ClusterBackend;
use super::node::{Node, Outcome};

/// How many attempts one call has.
const MAX_ATTEMPTS: usize = 6;

/// Whether a call may run again after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// Always: it is a read.
    Always,
    /// Only where it certainly was not done: it is a write.
    IfNotApplied,
}

impl ClusterBackend {
    /// Runs `work` at the node that serves a slot, and follows redirections. `asking_work` does the same in a single
    /// command, for the node that a slot is moving to: it takes one command after `ASKING`.
    ///
    /// The inner result is an `Err` where some keys of the slot have moved to another node, so that commands with several
    /// keys are refused.
    pub(super) fn route<T>(
        &self,
        slot: u16,
        retry: Retry,
        work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
        asking_work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
    ) -> Result<Result<T>> {
        let (mut node, mut asking) = (self.owner(slot)?, false);
        let (mut refreshed, mut reconnected) = (false, false);
        let mut failure = None;
        for _ in 0..MAX_ATTEMPTS {
            let purpose = if retry == Retry::Always { Purpose::Read } else { Purpose::Write };
            let done = node.run(purpose, |connection| match asking {
                false => work(connection),
                true => {
                    cmd("ASKING").exec(connection)?;
                    asking_work(connection)
                }
            });
            let failed = match done {
                Ok(value) => return Ok(Ok(value)),
                Err(failed) => failed,
            };
            let not_applied = match failed.outcome {
                Outcome::ServerError => return Err(failed.error),
                Outcome::TryAgain => return Ok(Err(failed.error)),
                Outcome::Moved(address) => {
                    // Also where this fails: the redirection names the node.
                    let _ = self.refresh_slots(Some(&address), Some(&node.address));
                    (node, asking) = (self.node(&address), false);
                    failure = Some(failed.error);
                    continue;
                }
                Outcome::Ask(address) => {
                    (node, asking) = (self.node(&address), true);
                    failure = Some(failed.error);
                    continue;
                }
                Outcome::StaleConnection if retry == Retry::Always && !reconnected => {
                    reconnected = true;
                    failure = Some(failed.error);
                    continue;
                }
                Outcome::NotApplied => true,
                Outcome::StaleConnection | Outcome::Unknown => false,
            };
            // Another node may serve the slot by now. If not yet, the next call looks again.
            if !refreshed {
                refreshed = true;
                let owner = self.refresh_slots(None, Some(&node.address)).ok().and_then(|map| map.owner(slot).cloned());
                if let Some(owner) = owner
                    && owner.address != node.address
                    && (not_applied || retry == Retry::Always)
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
        self.refresh_slots(None, None)?.owner(slot).cloned().ok_or_else(unserved)
    }
}

/// The error where no node serves a slot.
pub(super) fn unserved() -> Error {
    Error::new(ErrorKind::Unavailable).with_detail("no node of the cluster serves the slot")
}
