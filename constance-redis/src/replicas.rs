//! Waiting until replicas have what was written.

use std::time::Duration;

use constance_core::{Applied, Batch, Cause, Error, ErrorKind, Result, To};
use redis::{ConnectionLike, RedisResult, cmd};

/// How many replicas must have a change before its write is a success.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replicas {
    pub(crate) count: u32,
    pub(crate) within: Duration,
}

impl Replicas {
    /// Waits for those that are wanted, on the connection that wrote, where something was written. The inner error says how
    /// many there were.
    pub(crate) fn confirm(
        wanted: Option<Self>,
        connection: &mut dyn ConnectionLike,
        batch: &Batch,
        applied: Applied,
    ) -> RedisResult<Result<Applied>> {
        let Some(Self { count, within }) = wanted else { return Ok(Ok(applied)) };
        let only_looked = batch.changes().iter().all(|change| matches!(change.to, To::Keep));
        if only_looked || matches!(applied, Applied::Conflict { .. }) {
            return Ok(Ok(applied));
        }
        // Nought would be for ever.
        let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX).max(1);
        let confirmed: u32 = cmd("WAIT").arg(count).arg(millis).query(connection)?;
        if confirmed >= count {
            return Ok(Ok(applied));
        }
        Ok(Err(Error::new(ErrorKind::Timeout)
            .with_detail(format!("written, but confirmed in time by {confirmed} of {count} replicas"))
            .with_cause(Cause::new("redis").with_code("WAIT"))))
    }
}
