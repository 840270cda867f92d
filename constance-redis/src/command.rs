//! The commands, and what their answers mean. No I/O: each front sends them in its own way.

use constance_core::{Batch, Encoded, Expect, Key, Prefix, Stored, To};
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value, cmd};

/// The words for something that is no string, where nothing more is known.
pub(crate) const NO_STRING: Stored = Stored::Foreign("something other than a string");

/// How many keys one command reads while listing, and about how many `SCAN` looks at in one step.
pub(crate) const CHUNK: usize = 1000;

pub(crate) fn get(key: &Key) -> Cmd {
    let mut command = Cmd::with_capacity(2, key.as_str().len() + 3);
    command.arg("GET").arg(key.as_str());
    command
}

/// `MGET`, or `EXISTS`, of these keys.
pub(crate) fn of_keys(name: &str, keys: &[&Key]) -> Cmd {
    let bytes: usize = keys.iter().map(|key| key.as_str().len()).sum();
    let mut command = Cmd::with_capacity(keys.len() + 1, bytes + name.len());
    command.arg(name);
    for key in keys {
        command.arg(key.as_str());
    }
    command
}

/// One `GET` for each key, in a transaction: of one moment, with an error under what is no string.
pub(crate) fn gets(keys: &[&Key]) -> Pipeline {
    let mut transaction = Pipeline::with_capacity(keys.len());
    transaction.atomic();
    for key in keys {
        transaction.add_command(get(key));
    }
    transaction
}

pub(crate) fn set(key: &Key, value: &Encoded) -> Cmd {
    let mut command = Cmd::with_capacity(4, key.as_str().len() + value.len() + 6);
    command.arg("SET").arg(key.as_str()).arg(value.as_bytes());
    command
}

pub(crate) fn del(key: &Key) -> Cmd {
    let mut command = cmd("DEL");
    command.arg(key.as_str());
    command
}

/// A batch of one change that expects nothing, and what was there before, in one transaction that needs no script. `None`
/// for any other batch.
pub(crate) fn exchange(batch: &Batch) -> Option<Pipeline> {
    let [change] = batch.changes() else { return None };
    if change.expect != Expect::Any {
        return None;
    }
    let mut transaction = Pipeline::with_capacity(3);
    transaction.atomic().add_command(get(&change.key)).cmd("TYPE").arg(change.key.as_str());
    match &change.to {
        To::Set(value) => transaction.add_command(set(&change.key, value)),
        To::Remove => transaction.add_command(del(&change.key)),
        To::Keep => &mut transaction,
    };
    Some(transaction)
}

pub(crate) fn scan(cursor: u64, prefix: &Prefix) -> Cmd {
    let mut command = cmd("SCAN");
    command.arg(cursor).arg("MATCH").arg(pattern(prefix)).arg("COUNT").arg(CHUNK);
    command
}

/// Asks how the server keeps its memory, in one command that is not `CONFIG`, which managed servers refuse.
pub(crate) fn info() -> Cmd {
    let mut command = cmd("INFO");
    command.arg("memory");
    command
}

/// The pattern of every key that begins with a prefix, whose characters stand for themselves.
fn pattern(prefix: &Prefix) -> String {
    let mut pattern = String::with_capacity(prefix.as_str().len() + 8);
    for character in prefix.as_str().chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^' | '-') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}

/// What a command that gives one string has found.
pub(crate) fn stored(value: Value) -> RedisResult<Stored> {
    match value {
        Value::Nil => Ok(Stored::Absent),
        Value::BulkString(bytes) => Ok(Stored::Value(Encoded::from(bytes))),
        Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(NO_STRING),
        Value::ServerError(error) => Err(error.into()),
        _ => Err(unexpected()),
    }
}

/// What `MGET` has found, with nothing known yet of what it shows as nil.
pub(crate) fn strings(value: Value, count: usize) -> RedisResult<Vec<Stored>> {
    match value {
        Value::Array(values) if values.len() == count => values.into_iter().map(stored).collect(),
        Value::ServerError(error) => Err(error.into()),
        _ => Err(unexpected()),
    }
}

/// The words for a type of Redis.
pub(crate) fn kind(name: &[u8]) -> Stored {
    Stored::Foreign(match name {
        b"list" => "a list",
        b"hash" => "a hash",
        b"set" => "a set",
        b"zset" => "a sorted set",
        b"stream" => "a stream",
        _ => return NO_STRING,
    })
}

/// Whether an error says that something other than a string is stored.
pub(crate) fn is_wrong_type(error: &RedisError) -> bool {
    error.code() == Some("WRONGTYPE")
}

/// The error for an answer of another shape than the command's.
pub(crate) fn unexpected() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "an answer of another shape").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_characters_of_a_prefix_stand_for_themselves() {
        let of = |text: &str| pattern(&Prefix::without_separator(text).expect("a prefix"));
        assert_eq!(of(""), "*");
        assert_eq!(of("constance:"), "constance:*");
        assert_eq!(of(r"a%b*[c-d]?^\:"), r"a%b\*\[c\-d\]\?\^\\:*");
    }
}
