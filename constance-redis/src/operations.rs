//! The operations on settings over one connection to one server.

use std::sync::atomic::AtomicBool;

use constance_core::{Applied, Batch, Key, Prefix, Result, Stored};
use redis::{ConnectionLike, Pipeline, RedisResult, Value};

use crate::command::{self, CHUNK, NO_STRING};
use crate::plan::{self, Many, Plain};
use crate::replicas::Replicas;
use crate::script::Call;

/// What is stored under these keys, all of one moment. `likely` says whether the last read met a key without a string.
pub(crate) fn many(
    connection: &mut dyn ConnectionLike,
    keys: &[&Key],
    likely: &AtomicBool,
) -> RedisResult<Vec<Stored>> {
    match keys {
        [] => return Ok(Vec::new()),
        [key] => return Ok(vec![one(connection, key)?]),
        _ => {}
    }
    let many = Many::new(keys, likely);
    let mut request = many.strings().get_packed_command();
    let answers = match many.others() {
        Some(others) => {
            request.extend(others.get_packed_command());
            connection.req_packed_commands(&request, 0, 2)?
        }
        None => vec![connection.req_packed_command(&request)?],
    };
    match many.found(answers)? {
        Some(found) => Ok(found),
        None => match run_script(connection, &Call::looking(keys)) {
            Err(refused) if Call::is_refused(&refused) => {
                let request = command::gets(keys).get_packed_pipeline();
                let answers = connection.req_packed_commands(&request, keys.len() + 1, 1)?;
                plan::gotten(answers, keys.len()).ok_or(refused)
            }
            applied => plan::looked(applied?),
        },
    }
}

/// What is stored under one key.
pub(crate) fn one(connection: &mut dyn ConnectionLike, key: &Key) -> RedisResult<Stored> {
    match connection.req_command(&command::get(key)) {
        // Some connections give the server's errors so, and some as an answer.
        Err(error) if command::is_wrong_type(&error) => Ok(NO_STRING),
        answer => command::stored(answer?),
    }
}

/// Every key under a prefix, each once.
pub(crate) fn keys_of(connection: &mut dyn ConnectionLike, prefix: &Prefix) -> RedisResult<Vec<Key>> {
    let (mut cursor, mut keys) = (0, Vec::new());
    loop {
        let (next, met): (u64, Vec<Vec<u8>>) = command::scan(cursor, prefix).query(connection)?;
        keys.extend(plan::keys(prefix, met));
        if next == 0 {
            return Ok(plan::once(keys));
        }
        cursor = next;
    }
}

/// Everything under a prefix.
pub(crate) fn list(
    connection: &mut dyn ConnectionLike,
    prefix: &Prefix,
    gaps: &AtomicBool,
) -> RedisResult<Vec<(Key, Stored)>> {
    let keys = keys_of(connection, prefix)?;
    let mut listed = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(CHUNK) {
        let found = many(connection, &chunk.iter().collect::<Vec<_>>(), gaps)?;
        // What was removed since its key was met is left out.
        listed.extend(chunk.iter().cloned().zip(found).filter(|(_, stored)| !stored.is_absent()));
    }
    Ok(listed)
}

/// The answers to commands that go in one request. One that is an error is among them.
pub(crate) fn send(connection: &mut dyn ConnectionLike, commands: &Pipeline) -> RedisResult<Vec<Value>> {
    connection.req_packed_commands(&commands.get_packed_pipeline(), 0, commands.len())
}

/// Runs the script, and gives its text to a server that does not have it.
fn run_script(connection: &mut dyn ConnectionLike, call: &Call) -> RedisResult<Applied> {
    call.applied(match call.by_digest().query(connection) {
        Err(error) if Call::is_unknown(&error) => call.by_text().query(connection),
        answer => answer,
    })
}

/// A batch in the one command that does it, if there is one.
fn plainly(connection: &mut dyn ConnectionLike, batch: &Batch) -> RedisResult<Option<Applied>> {
    let Some(plain) = Plain::of(batch) else { return Ok(None) };
    plain.applied(match &plain.command {
        Some(command) => command.query(connection),
        None => Ok(Value::Nil),
    })
}

/// A batch in a transaction, where the server runs no scripts and the batch needs none.
fn without_script(connection: &mut dyn ConnectionLike, batch: &Batch) -> Option<RedisResult<Applied>> {
    let transaction = command::exchange(batch)?;
    let answers = connection.req_packed_commands(&transaction.get_packed_pipeline(), transaction.len() + 1, 1);
    Some(answers.and_then(plan::exchanged))
}

/// Applies a batch, and waits until so many replicas have it. The inner error says that too few have.
pub(crate) fn apply(
    connection: &mut dyn ConnectionLike,
    batch: &Batch,
    replicas: Option<Replicas>,
) -> RedisResult<Result<Applied>> {
    let applied = match plainly(connection, batch)? {
        Some(applied) => applied,
        None => match run_script(connection, &Call::new(batch)) {
            Err(refused) if Call::is_refused(&refused) => without_script(connection, batch).unwrap_or(Err(refused))?,
            applied => applied?,
        },
    };
    Replicas::confirm(replicas, connection, batch, applied)
}
