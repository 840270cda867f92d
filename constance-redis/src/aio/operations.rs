//! The operations on settings over the connection.

use std::sync::atomic::AtomicBool;

use constance_core::{
    Prefix, Result,
    backend::{Applied, Batch, Key, Portion, Stored},
};
use redis::{RedisResult, Value, from_redis_value};

use super::connection::Connection;
use crate::command::{self, CHUNK};
use crate::request::{self, MultiGet, SingleCommand};
use crate::scan::ScanCursor;
use crate::script::ScriptCall;

/// Reads keys, all at one moment.
pub(crate) async fn read_many(
    connection: &mut Connection,
    keys: &[&Key],
    saw_missing: &AtomicBool,
) -> RedisResult<Vec<Stored>> {
    match keys {
        [] => return Ok(Vec::new()),
        [key] => return Ok(vec![read_one(connection, key).await?]),
        _ => {}
    }
    let multi_get = MultiGet::new(keys, saw_missing);
    let replies = match multi_get.exists() {
        Some(exists) => connection.send_pair(multi_get.mget(), exists).await?,
        None => vec![connection.send(&multi_get.mget()).await?],
    };
    match multi_get.parse(replies)? {
        Some(found) => Ok(found),
        None => match run_script(connection, &ScriptCall::read(keys)).await {
            Err(refused) if ScriptCall::is_eval_refused(&refused) => {
                let replies = connection.send_transaction(&command::get_transaction(keys)).await?;
                request::parse_get_transaction(replies, keys.len()).ok_or(refused)
            }
            applied => request::read_by_script(applied?),
        },
    }
}

/// Reads one key.
pub(crate) async fn read_one(connection: &mut Connection, key: &Key) -> RedisResult<Stored> {
    match connection.send(&command::get(key)).await {
        Err(error) if command::is_wrong_type(&error) => Ok(command::NOT_A_STRING),
        reply => command::parse_stored(reply?),
    }
}

/// The keys with a prefix, each once.
async fn scan_keys(connection: &mut Connection, prefix: &Prefix) -> RedisResult<Vec<Key>> {
    let (mut cursor, mut keys) = (0, Vec::new());
    loop {
        let (next, found): (u64, Vec<Vec<u8>>) =
            from_redis_value(connection.send(&command::scan(cursor, prefix)).await?)?;
        keys.extend(request::keys_with_prefix(prefix, found));
        if next == 0 {
            return Ok(request::sorted_once(keys));
        }
        cursor = next;
    }
}

/// The keys of one `SCAN`.
pub(crate) async fn scan_portion(
    connection: &mut Connection,
    prefix: &Prefix,
    cursor: ScanCursor,
) -> RedisResult<Result<Portion>> {
    cursor.parse_portion(prefix, connection.send_pipeline(&cursor.request(prefix, false)).await?)
}

/// The keys with a prefix and what is stored under them.
pub(crate) async fn list(
    connection: &mut Connection,
    prefix: &Prefix,
    saw_missing: &AtomicBool,
) -> RedisResult<Vec<(Key, Stored)>> {
    let keys = scan_keys(connection, prefix).await?;
    let mut listed = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(CHUNK) {
        let found = read_many(connection, &chunk.iter().collect::<Vec<_>>(), saw_missing).await?;
        // A key may have been removed since the scan.
        listed.extend(chunk.iter().cloned().zip(found).filter(|(_, stored)| !stored.is_absent()));
    }
    Ok(listed)
}

/// Runs the script, and gives its text to a server that does not have it. Where the future is dropped in between, nothing
/// was done.
async fn run_script(connection: &mut Connection, call: &ScriptCall) -> RedisResult<Applied> {
    call.parse(match connection.send(&call.evalsha()).await {
        Err(error) if ScriptCall::is_noscript(&error) => connection.send(&call.eval()).await,
        reply => reply,
    })
}

/// Applies a batch, by one plain command or one run of the script.
pub(crate) async fn apply(connection: &mut Connection, batch: &Batch) -> RedisResult<Applied> {
    if let Some(single) = SingleCommand::of(batch) {
        let reply = match &single.command {
            Some(command) => connection.send(command).await,
            None => Ok(Value::Nil),
        };
        if let Some(applied) = single.parse(reply)? {
            return Ok(applied);
        }
    }
    match run_script(connection, &ScriptCall::new(batch)).await {
        Err(refused) if ScriptCall::is_eval_refused(&refused) => match command::write_transaction(batch) {
            Some(transaction) => request::parse_transaction(connection.send_transaction(&transaction).await?),
            None => Err(refused),
        },
        applied => applied,
    }
}
