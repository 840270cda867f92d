//! Waiting until replicas have a change.

use std::time::Duration;

use constance_core::{
    Error, ErrorKind, Result,
    backend::{Applied, Batch, Cause, Op},
};
use redis::{ConnectionLike, RedisResult, cmd};

/// How many replicas must have a change before its write is a success.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitReplicas {
    pub(crate) count: u32,
    pub(crate) timeout: Duration,
}

impl WaitReplicas {
    /// Waits after a write, on the same connection. Does nothing where nothing was written. The inner error says that too
    /// few replicas have confirmed.
    pub(crate) fn wait(
        options: Option<Self>,
        connection: &mut dyn ConnectionLike,
        batch: &Batch,
        applied: Applied,
    ) -> RedisResult<Result<Applied>> {
        let Some(Self { count, timeout }) = options else { return Ok(Ok(applied)) };
        let only_reads = batch.changes().iter().all(|change| matches!(change.op, Op::Keep));
        if only_reads || matches!(applied, Applied::Conflict { .. }) {
            return Ok(Ok(applied));
        }
        // 0 would wait without a limit.
        let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).max(1);
        let confirmed: u32 = cmd("WAIT").arg(count).arg(millis).query(connection)?;
        if confirmed >= count {
            return Ok(Ok(applied));
        }
        Ok(Err(Error::new(ErrorKind::Timeout)
            .with_detail(format!("written, but confirmed in time by {confirmed} of {count} replicas"))
            .with_cause(Cause::new("redis").with_code("WAIT"))))
    }
}
