//! Commands, and what their replies mean. No I/O.

use constance_core::{
    Prefix,
    backend::{Batch, Encoded, Expect, Key, Op, Stored},
};
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value, cmd};

/// A value that is no string, of an unknown type.
pub(crate) const NOT_A_STRING: Stored = Stored::Foreign("something other than a string");

/// How many keys one `MGET` of a listing has, and the `COUNT` of `SCAN`.
pub(crate) const CHUNK: usize = 1000;

pub(crate) fn get(key: &Key) -> Cmd {
    let mut command = Cmd::with_capacity(2, key.as_str().len() + 3);
    command.arg("GET").arg(key.as_str());
    command
}

/// `MGET` or `EXISTS` of these keys.
pub(crate) fn multi_key(name: &str, keys: &[&Key]) -> Cmd {
    let bytes: usize = keys.iter().map(|key| key.as_str().len()).sum();
    let mut command = Cmd::with_capacity(keys.len() + 1, bytes + name.len());
    command.arg(name);
    for key in keys {
        command.arg(key.as_str());
    }
    command
}

/// A transaction with one `GET` for each key. It reads all keys at one moment, with an error for a value that is no string.
pub(crate) fn get_transaction(keys: &[&Key]) -> Pipeline {
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

/// A transaction for a batch of one change without an expectation: `GET`, `TYPE` and the change. `None` for any other
/// batch.
pub(crate) fn write_transaction(batch: &Batch) -> Option<Pipeline> {
    let [change] = batch.changes() else { return None };
    if change.expect != Expect::Any {
        return None;
    }
    let mut transaction = Pipeline::with_capacity(3);
    transaction.atomic().add_command(get(&change.key)).cmd("TYPE").arg(change.key.as_str());
    match &change.op {
        Op::Set(value) => transaction.add_command(set(&change.key, value)),
        Op::Remove => transaction.add_command(del(&change.key)),
        Op::Keep => &mut transaction,
    };
    Some(transaction)
}

pub(crate) fn scan(cursor: u64, prefix: &Prefix) -> Cmd {
    let mut command = cmd("SCAN");
    command.arg(cursor).arg("MATCH").arg(pattern(prefix)).arg("COUNT").arg(CHUNK);
    command
}

/// Asks for the eviction policy. Managed servers refuse `CONFIG`, so it is `INFO`.
pub(crate) fn info() -> Cmd {
    let mut command = cmd("INFO");
    command.arg("memory");
    command
}

/// The pattern of the keys with a prefix, whose special characters are escaped.
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

/// The reply of a command that returns one string.
pub(crate) fn parse_stored(value: Value) -> RedisResult<Stored> {
    match value {
        Value::Nil => Ok(Stored::Absent),
        Value::BulkString(bytes) => Ok(Stored::Value(Encoded::from(bytes))),
        Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(NOT_A_STRING),
        Value::ServerError(error) => Err(error.into()),
        _ => Err(unexpected_reply()),
    }
}

/// The reply of `MGET`, which is nil for a missing key and for a value that is no string.
pub(crate) fn parse_mget(value: Value, count: usize) -> RedisResult<Vec<Stored>> {
    match value {
        Value::Array(values) if values.len() == count => values.into_iter().map(parse_stored).collect(),
        Value::ServerError(error) => Err(error.into()),
        _ => Err(unexpected_reply()),
    }
}

/// A value of a type that `TYPE` names.
pub(crate) fn foreign_type(name: &[u8]) -> Stored {
    Stored::Foreign(match name {
        b"list" => "a list",
        b"hash" => "a hash",
        b"set" => "a set",
        b"zset" => "a sorted set",
        b"stream" => "a stream",
        _ => return NOT_A_STRING,
    })
}

/// Whether an error says that the value is no string.
pub(crate) fn is_wrong_type(error: &RedisError) -> bool {
    error.code() == Some("WRONGTYPE")
}

/// The error for a reply of a shape that the command does not have.
pub(crate) fn unexpected_reply() -> RedisError {
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
