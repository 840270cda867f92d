//! Where a call gets its connection from.

use std::fmt;
use std::sync::Arc;

use constance_core::Result;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, Pipeline, RedisResult, Value};

use super::shared::Shared;

/// Our own connection, or the application's.
pub(crate) enum Source {
    Own(Arc<Shared>),
    Brought(Box<dyn Brought>),
}

/// A connection that the application has made, behind its handles.
pub(crate) trait Brought: Send + Sync {
    /// One more handle.
    fn handle(&self) -> Box<dyn ConnectionLike + Send>;
}

impl<C> Brought for C
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    fn handle(&self) -> Box<dyn ConnectionLike + Send> {
        Box::new(self.clone())
    }
}

/// A handle to the connection, for one try of one call.
pub(crate) enum Connection {
    Own(MultiplexedConnection),
    Brought(Box<dyn ConnectionLike + Send>),
}

impl Source {
    /// A handle, and the connection's number.
    pub(crate) async fn connection(&self) -> Result<(u64, Connection)> {
        match self {
            Self::Own(shared) => {
                let (number, connection) = shared.connection().await?;
                Ok((number, Connection::Own(connection)))
            }
            Self::Brought(connection) => Ok((0, Connection::Brought(connection.handle()))),
        }
    }

    /// Told that an answer came.
    pub(crate) fn answered(&self) {
        if let Self::Own(shared) = self {
            shared.answered();
        }
    }

    /// Whether the connection has lain idle for so long that a write should not be what finds it dead.
    pub(crate) fn is_rested(&self) -> bool {
        matches!(self, Self::Own(shared) if shared.is_rested())
    }

    /// Told that the connection of this number failed, other than by a clean answer of the server.
    pub(crate) fn failed(&self, number: u64) {
        match self {
            Self::Own(shared) => shared.replace(number),
            // Only the application can replace its connection.
            Self::Brought(_) => {}
        }
    }
}

impl Connection {
    /// Sends one command.
    pub(crate) async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        let answer = match self {
            Self::Own(connection) => connection.send_packed_command(command).await,
            Self::Brought(connection) => connection.req_packed_command(command).await,
        };
        answer?.extract_error()
    }

    /// Sends two commands in one go. An answer that is an error is among the answers.
    pub(crate) async fn ask_both(&mut self, first: Cmd, second: Cmd) -> RedisResult<Vec<Value>> {
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.add_command(first).add_command(second);
        self.ask_all(&pipeline).await
    }

    /// Sends commands in one go. An answer that is an error is among the answers.
    pub(crate) async fn ask_all(&mut self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        self.send(commands, 0, commands.len()).await
    }

    /// Sends commands as one transaction, whose answers come as one.
    pub(crate) async fn ask_together(&mut self, transaction: &Pipeline) -> RedisResult<Vec<Value>> {
        self.send(transaction, transaction.len() + 1, 1).await
    }

    async fn send(&mut self, pipeline: &Pipeline, offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        match self {
            Self::Own(connection) => connection.send_packed_commands(pipeline, offset, count).await,
            Self::Brought(connection) => connection.req_packed_commands(pipeline, offset, count).await,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(shared) => shared.fmt(f),
            Self::Brought(_) => f.write_str("the application's"),
        }
    }
}
