//! The calls, over one handle to the connection.

use std::sync::atomic::AtomicBool;

use constance_core::{Applied, Batch, Key, Portion, Prefix, Result, Stored};
use redis::{RedisResult, Value, from_redis_value};

use super::connection::Connection;
use crate::command::{self, CHUNK};
use crate::plan::{self, Many, Plain};
use crate::scan::Place;
use crate::script::Call;

/// What is stored under these keys, all of one moment.
pub(crate) async fn many(connection: &mut Connection, keys: &[&Key], gaps: &AtomicBool) -> RedisResult<Vec<Stored>> {
    match keys {
        [] => return Ok(Vec::new()),
        [key] => return Ok(vec![one(connection, key).await?]),
        _ => {}
    }
    let many = Many::new(keys, gaps);
    let answers = match many.others() {
        Some(others) => connection.ask_both(many.strings(), others).await?,
        None => vec![connection.ask(&many.strings()).await?],
    };
    match many.found(answers)? {
        Some(found) => Ok(found),
        None => match run(connection, &Call::looking(keys)).await {
            Err(refused) if Call::is_refused(&refused) => {
                let answers = connection.ask_together(&command::gets(keys)).await?;
                plan::gotten(answers, keys.len()).ok_or(refused)
            }
            applied => plan::looked(applied?),
        },
    }
}

/// What is stored under one key.
pub(crate) async fn one(connection: &mut Connection, key: &Key) -> RedisResult<Stored> {
    match connection.ask(&command::get(key)).await {
        Err(error) if command::is_wrong_type(&error) => Ok(command::NO_STRING),
        answer => command::stored(answer?),
    }
}

/// Every key under a prefix, each once.
async fn keys_of(connection: &mut Connection, prefix: &Prefix) -> RedisResult<Vec<Key>> {
    let (mut cursor, mut keys) = (0, Vec::new());
    loop {
        let (next, met): (u64, Vec<Vec<u8>>) = from_redis_value(connection.ask(&command::scan(cursor, prefix)).await?)?;
        keys.extend(plan::keys(prefix, met));
        if next == 0 {
            return Ok(plan::once(keys));
        }
        cursor = next;
    }
}

/// The keys of one step of a scan.
pub(crate) async fn portion(
    connection: &mut Connection,
    prefix: &Prefix,
    place: Place,
) -> RedisResult<Result<Portion>> {
    place.portion(prefix, connection.ask_all(&place.request(prefix, false)).await?)
}

/// Everything under a prefix.
pub(crate) async fn all(
    connection: &mut Connection,
    prefix: &Prefix,
    gaps: &AtomicBool,
) -> RedisResult<Vec<(Key, Stored)>> {
    let keys = keys_of(connection, prefix).await?;
    let mut listed = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(CHUNK) {
        let found = many(connection, &chunk.iter().collect::<Vec<_>>(), gaps).await?;
        // What was removed since its key was met is left out.
        listed.extend(chunk.iter().cloned().zip(found).filter(|(_, stored)| !stored.is_absent()));
    }
    Ok(listed)
}

/// Runs the script, and gives its text to a server that does not have it. Where the future is dropped in between, nothing
/// was done.
async fn run(connection: &mut Connection, call: &Call) -> RedisResult<Applied> {
    call.applied(match connection.ask(&call.by_digest()).await {
        Err(error) if Call::is_unknown(&error) => connection.ask(&call.by_text()).await,
        answer => answer,
    })
}

/// Applies a batch, in one plain command or one run of the script.
pub(crate) async fn apply(connection: &mut Connection, batch: &Batch) -> RedisResult<Applied> {
    if let Some(plain) = Plain::of(batch) {
        let answer = match &plain.command {
            Some(command) => connection.ask(command).await,
            None => Ok(Value::Nil),
        };
        if let Some(applied) = plain.applied(answer)? {
            return Ok(applied);
        }
    }
    match run(connection, &Call::new(batch)).await {
        Err(refused) if Call::is_refused(&refused) => match command::exchange(batch) {
            Some(transaction) => plan::exchanged(connection.ask_together(&transaction).await?),
            None => Err(refused),
        },
        applied => applied,
    }
}
