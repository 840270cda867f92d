//! The connection of a call.

use std::fmt;
use std::sync::Arc;

use constance_core::Result;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, Pipeline, RedisResult, Value};

use super::shared_connection::{Established, SharedConnection};

/// Where a call gets its connection from: ours, or the application's.
pub(crate) enum Source {
    Own(Arc<SharedConnection>),
    External(Box<dyn ExternalConnection>),
}

/// A connection of the application, which can be cloned.
pub(crate) trait ExternalConnection: Send + Sync {
    fn clone_boxed(&self) -> Box<dyn ConnectionLike + Send>;
}

impl<C> ExternalConnection for C
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    fn clone_boxed(&self) -> Box<dyn ConnectionLike + Send> {
        Box::new(self.clone())
    }
}

/// A handle to the connection, for one attempt of one call.
pub(crate) enum Connection {
    Own(MultiplexedConnection),
    External(Box<dyn ConnectionLike + Send>),
}

impl Source {
    /// The address of the server, where it is known.
    pub(crate) fn location(&self) -> Option<String> {
        match self {
            Self::Own(shared) => Some(shared.connector().location()),
            Self::External(_) => None,
        }
    }

    /// The generation of the connection, and a handle to it.
    pub(crate) async fn connection(&self) -> Result<(u64, Connection)> {
        match self {
            Self::Own(shared) => {
                let Established { generation, connection } = shared.connection().await?;
                Ok((generation, Connection::Own(connection)))
            }
            Self::External(connection) => Ok((0, Connection::External(connection.clone_boxed()))),
        }
    }

    /// Notes that the server has replied.
    pub(crate) fn record_reply(&self) {
        if let Self::Own(shared) = self {
            shared.record_reply();
        }
    }

    /// Whether the connection has been idle for so long that it is checked before a write.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self, Self::Own(shared) if shared.is_idle())
    }

    /// Replaces the connection of this generation, which has failed.
    pub(crate) fn mark_broken(&self, generation: u64) {
        match self {
            Self::Own(shared) => shared.replace(generation),
            // Only the application can replace its connection.
            Self::External(_) => {}
        }
    }
}

impl Connection {
    /// Sends one command.
    pub(crate) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        let reply = match self {
            Self::Own(connection) => connection.send_packed_command(command).await,
            Self::External(connection) => connection.req_packed_command(command).await,
        };
        reply?.extract_error()
    }

    /// Sends two commands in one request. An error of the server is one of the values.
    pub(crate) async fn send_pair(&mut self, first: Cmd, second: Cmd) -> RedisResult<Vec<Value>> {
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.add_command(first).add_command(second);
        self.send_pipeline(&pipeline).await
    }

    /// Sends commands in one request. An error of the server is one of the values.
    pub(crate) async fn send_pipeline(&mut self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        self.send_packed(commands, 0, commands.len()).await
    }

    /// Sends a transaction. Its replies are one value.
    pub(crate) async fn send_transaction(&mut self, transaction: &Pipeline) -> RedisResult<Vec<Value>> {
        self.send_packed(transaction, transaction.len() + 1, 1).await
    }

    async fn send_packed(&mut self, pipeline: &Pipeline, offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        match self {
            Self::Own(connection) => connection.send_packed_commands(pipeline, offset, count).await,
            Self::External(connection) => connection.req_packed_commands(pipeline, offset, count).await,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(shared) => shared.fmt(f),
            Self::External(_) => f.write_str("the application's"),
        }
    }
}
