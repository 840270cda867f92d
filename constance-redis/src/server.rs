//! Settings on one server, or on the master that sentinels name.

use std::fmt;
use std::sync::atomic::AtomicBool;

use constance_core::{
    Applied, Backend, Batch, Capability, Encoded, Key, Portion, Prefix, Result, Stored, Warning, Watch,
};
use redis::{ConnectionLike, RedisResult};

use crate::NAME;
use crate::command;
use crate::connections::{Connections, Lease};
use crate::error::{Fault, INTERRUPTIONS, fault};
use crate::operations::{apply, list, many, one, send};
use crate::plan;
use crate::replicas::Replicas;
use crate::scan::Place;
use crate::watch::{Feed, without_right};

/// Sends each call over one connection.
pub(crate) struct ServerBackend {
    pub(crate) connections: Box<dyn Connections>,
    pub(crate) prefix: Prefix,
    /// How many replicas a write waits for.
    pub(crate) replicas: Option<Replicas>,
    /// Which server it is, where that is known.
    pub(crate) identity: Option<String>,
    /// Whether the last read of many keys met one without a string.
    pub(crate) gaps: AtomicBool,
}

impl ServerBackend {
    /// Without waiting for replicas, and on a server that is not known.
    pub(crate) fn new(connections: Box<dyn Connections>, prefix: Prefix) -> Self {
        Self { connections, prefix, replicas: None, identity: None, gaps: AtomicBool::new(false) }
    }

    /// Sends what only reads. Where a connection that had lain idle turns out to be closed, it is sent once more on a
    /// fresh one; where a signal interrupts, on another one.
    fn look<T>(&self, work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>) -> Result<T> {
        let (mut closed, mut interrupted) = (false, 0);
        loop {
            match once(self.connections.lend()?, &work)? {
                Ok(value) => return Ok(value),
                Err(fault) if fault.interrupted && interrupted < INTERRUPTIONS => interrupted += 1,
                Err(fault) if fault.gone && !closed => closed = true,
                Err(fault) => return Err(fault.error),
            }
        }
    }

    /// Sends what may change something. It is sent once: whether a connection that closed had taken it, nobody can tell.
    fn change<T>(&self, work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>) -> Result<T> {
        once(self.connections.lend_for_change()?, work)?.map_err(|fault| fault.error)
    }
}

/// One try. The outer error is final; the inner one may be the connection's fault alone.
fn once<T>(
    mut lease: Box<dyn Lease + '_>,
    work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
) -> Result<Result<T, Fault>> {
    let error = match work(lease.connection()) {
        Ok(value) => return Ok(Ok(value)),
        Err(error) => error,
    };
    let fault = fault(&error);
    if fault.broken {
        lease.failed(fault.gone);
    }
    if fault.interrupted || fault.gone && lease.is_used() { Ok(Err(fault)) } else { Err(fault.error) }
}

impl Backend for ServerBackend {
    fn name(&self) -> &str {
        NAME
    }

    fn capability(&self) -> Capability {
        plan::capability()
            .with_atomic_batch(self.connections.supports_atomic_batch())
            .with_watch(self.connections.can_dedicate())
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.look(|connection| many(connection, keys, &self.gaps))
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.look(|connection| list(connection, prefix, &self.gaps))
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        if batch.changes().is_empty() {
            return Ok(Applied::Done(Vec::new()));
        }
        plan::check(batch)?;
        self.change(|connection| apply(connection, batch, self.replicas))?
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let stored = self.look(|connection| one(connection, key))?;
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        let feed = self.connections.dedicate().and_then(|connection| Feed::open(connection, prefix));
        Ok(Box::new(feed.map_err(without_right)?))
    }

    fn default_prefix(&self) -> Prefix {
        self.prefix.clone()
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        let (place, _) = Place::parse(from)?;
        let request = place.request(prefix, false);
        self.look(|connection| place.portion(prefix, send(connection, &request)?))?
    }

    fn identity(&self) -> Option<String> {
        self.identity.clone()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        self.look(|connection| plan::warnings(command::info().query(connection)))
    }

    fn ping(&self) -> Result<()> {
        self.look(|connection| redis::cmd("PING").exec(connection))
    }
}

impl fmt::Debug for ServerBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, prefix, replicas, identity: _, gaps: _ } = self;
        f.debug_struct("RedisBackend")
            .field("connections", &connections.describe())
            .field("prefix", prefix)
            .field("replicas", replicas)
            .finish()
    }
}
