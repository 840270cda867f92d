//! The operations on settings over one connection to one server.

use std::sync::atomic::AtomicBool;

use constance_core::{
    Prefix, Result,
    backend::{Applied, Batch, Key, Stored},
};
use redis::{ConnectionLike, Pipeline, RedisResult, Value};

use crate::command::{self, CHUNK, NOT_A_STRING};
use crate::request::{self, MultiGet, SingleCommand};
use crate::script::ScriptCall;
use crate::wait_replicas::WaitReplicas;

/// Reads keys, all at one moment. See [`MultiGet`] for `saw_missing`.
pub(crate) fn read_many(
    connection: &mut dyn ConnectionLike,
    keys: &[&Key],
    saw_missing: &AtomicBool,
) -> RedisResult<Vec<Stored>> {
    match keys {
        [] => return Ok(Vec::new()),
        [key] => return Ok(vec![read_one(connection, key)?]),
        _ => {}
    }
    let multi_get = MultiGet::new(keys, saw_missing);
    let mut request = multi_get.mget().get_packed_command();
    let replies = match multi_get.exists() {
        Some(exists) => {
            request.extend(exists.get_packed_command());
            connection.req_packed_commands(&request, 0, 2)?
        }
        None => vec![connection.req_packed_command(&request)?],
    };
    match multi_get.parse(replies)? {
        Some(found) => Ok(found),
        None => match run_script(connection, &ScriptCall::read(keys)) {
            Err(refused) if ScriptCall::is_eval_refused(&refused) => {
                let request = command::get_transaction(keys).get_packed_pipeline();
                let replies = connection.req_packed_commands(&request, keys.len() + 1, 1)?;
                request::parse_get_transaction(replies, keys.len()).ok_or(refused)
            }
            applied => request::read_by_script(applied?),
        },
    }
}

/// Reads one key.
pub(crate) fn read_one(connection: &mut dyn ConnectionLike, key: &Key) -> RedisResult<Stored> {
    match connection.req_command(&command::get(key)) {
        // Some connections return an error of the server as `Err`, and some as a value.
        Err(error) if command::is_wrong_type(&error) => Ok(NOT_A_STRING),
        reply => command::parse_stored(reply?),
    }
}

/// The keys with a prefix, each once.
pub(crate) fn scan_keys(connection: &mut dyn ConnectionLike, prefix: &Prefix) -> RedisResult<Vec<Key>> {
    let (mut cursor, mut keys) = (0, Vec::new());
    loop {
        let (next, found): (u64, Vec<Vec<u8>>) = command::scan(cursor, prefix).query(connection)?;
        keys.extend(request::keys_with_prefix(prefix, found));
        if next == 0 {
            return Ok(request::sorted_once(keys));
        }
        cursor = next;
    }
}

/// The keys with a prefix and what is stored under them.
pub(crate) fn list(
    connection: &mut dyn ConnectionLike,
    prefix: &Prefix,
    saw_missing: &AtomicBool,
) -> RedisResult<Vec<(Key, Stored)>> {
    let keys = scan_keys(connection, prefix)?;
    let mut listed = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(CHUNK) {
        let found = read_many(connection, &chunk.iter().collect::<Vec<_>>(), saw_missing)?;
        // A key may have been removed since the scan.
        listed.extend(chunk.iter().cloned().zip(found).filter(|(_, stored)| !stored.is_absent()));
    }
    Ok(listed)
}

/// Sends commands in one request. An error of the server is one of the values.
pub(crate) fn send_pipeline(connection: &mut dyn ConnectionLike, commands: &Pipeline) -> RedisResult<Vec<Value>> {
    connection.req_packed_commands(&commands.get_packed_pipeline(), 0, commands.len())
}

/// Runs the script. Sends its text where the server does not have it.
fn run_script(connection: &mut dyn ConnectionLike, call: &ScriptCall) -> RedisResult<Applied> {
    call.parse(match call.evalsha().query(connection) {
        Err(error) if ScriptCall::is_noscript(&error) => call.eval().query(connection),
        reply => reply,
    })
}

/// Applies a batch by one plain command. `None` where that cannot be, and nothing was written.
fn apply_in_one_command(connection: &mut dyn ConnectionLike, batch: &Batch) -> RedisResult<Option<Applied>> {
    let Some(single) = SingleCommand::of(batch) else { return Ok(None) };
    single.parse(match &single.command {
        Some(command) => command.query(connection),
        None => Ok(Value::Nil),
    })
}

/// Applies a batch in a transaction, for a server without scripts. `None` where the batch needs the script.
fn apply_in_transaction(connection: &mut dyn ConnectionLike, batch: &Batch) -> Option<RedisResult<Applied>> {
    let transaction = command::write_transaction(batch)?;
    let replies = connection.req_packed_commands(&transaction.get_packed_pipeline(), transaction.len() + 1, 1);
    Some(replies.and_then(request::parse_transaction))
}

/// Applies a batch and waits for replicas. The inner error says that too few replicas have confirmed it.
pub(crate) fn apply(
    connection: &mut dyn ConnectionLike,
    batch: &Batch,
    replicas: Option<WaitReplicas>,
) -> RedisResult<Result<Applied>> {
    let applied = match apply_in_one_command(connection, batch)? {
        Some(applied) => applied,
        None => match run_script(connection, &ScriptCall::new(batch)) {
            Err(refused) if ScriptCall::is_eval_refused(&refused) => {
                apply_in_transaction(connection, batch).unwrap_or(Err(refused))?
            }
            applied => applied?,
        },
    };
    WaitReplicas::wait(replicas, connection, batch, applied)
}
