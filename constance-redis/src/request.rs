//! The requests of a call, and what their replies mean. No I/O: the synchronous and the asynchronous backend share it.

use std::sync::atomic::{AtomicBool, Ordering};

use constance_core::{
    Error, ErrorKind, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Expect, Key, Op, Stored},
};
use redis::{Cmd, RedisResult, Value};

use crate::command::{self, is_wrong_type, parse_stored, unexpected_reply};
use crate::error::classify;

/// The longest string that Redis stores, with its default `proto-max-bulk-len`.
const MAX_VALUE_LEN: usize = 512 << 20;

/// The capabilities of every backend of this crate.
pub(crate) fn capability() -> Capability {
    Capability::new().with_persistent(true).with_shared(true).with_max_value_len(MAX_VALUE_LEN)
}

/// # Errors
///
/// `Encode` where a value is longer than Redis stores.
pub(crate) fn check_value_lengths(batch: &Batch) -> Result<()> {
    match batch.changes().iter().find(|change| matches!(&change.op, Op::Set(value) if value.len() > MAX_VALUE_LEN)) {
        Some(change) => Err(Error::new(ErrorKind::Encode)
            .with_setting(change.key.name())
            .with_detail("the value is longer than the 512 MiB that Redis stores")),
        None => Ok(()),
    }
}

/// A read of many keys at one moment.
///
/// `MGET` returns nil for a list as for a missing key. So `EXISTS` counts the keys in the same round trip. Where it
/// counts more keys than there are strings, the script reads everything again. `EXISTS` is sent only where the last read
/// found a key without a string: a store in which every key is set does without.
///
/// The server may run commands of others between the two where the request is longer than its read buffer (16 KiB). A list
/// stays hidden only if exactly as many values are removed in that moment as there are lists.
pub(crate) struct MultiGet<'k> {
    keys: &'k [&'k Key],
    /// Whether the last read of many keys found one without a string.
    saw_missing: &'k AtomicBool,
    with_exists: bool,
}

impl<'k> MultiGet<'k> {
    pub(crate) fn new(keys: &'k [&'k Key], saw_missing: &'k AtomicBool) -> Self {
        Self { keys, saw_missing, with_exists: saw_missing.load(Ordering::Relaxed) }
    }

    /// The command that reads the strings.
    pub(crate) fn mget(&self) -> Cmd {
        command::multi_key("MGET", self.keys)
    }

    /// The command to send behind it in the same request, if any.
    pub(crate) fn exists(&self) -> Option<Cmd> {
        self.with_exists.then(|| command::multi_key("EXISTS", self.keys))
    }

    /// What is stored, or `None` where the script has to read.
    pub(crate) fn parse(&self, replies: Vec<Value>) -> RedisResult<Option<Vec<Stored>>> {
        if replies.len() != 1 + usize::from(self.with_exists) {
            return Err(unexpected_reply());
        }
        let mut replies = replies.into_iter();
        let found = command::parse_mget(replies.next().ok_or_else(unexpected_reply)?, self.keys.len())?;
        let strings = found.iter().filter(|stored| !stored.is_absent()).count();
        if self.with_exists != (strings < self.keys.len()) {
            self.saw_missing.store(!self.with_exists, Ordering::Relaxed);
        }
        // A user without the right to EXISTS gets an error here. Then the script reads.
        let all = match replies.next() {
            Some(Value::Int(there)) => there == strings as i64,
            _ => strings == self.keys.len(),
        };
        Ok(all.then_some(found))
    }
}

/// What the script of [`ScriptCall::read`](crate::script::ScriptCall::read) has read.
pub(crate) fn read_by_script(applied: Applied) -> RedisResult<Vec<Stored>> {
    match applied {
        Applied::Done(found) => Ok(found),
        Applied::Conflict { .. } => Err(unexpected_reply()),
    }
}

/// The reply to [`command::write_transaction`].
pub(crate) fn parse_transaction(replies: Vec<Value>) -> RedisResult<Applied> {
    let Some(Value::Array(replies)) = replies.into_iter().next() else { return Err(unexpected_reply()) };
    let mut replies = replies.into_iter();
    let (Some(found), Some(kind)) = (replies.next(), replies.next()) else { return Err(unexpected_reply()) };
    if let Some(Value::ServerError(error)) = replies.next() {
        return Err(error.into());
    }
    let found = match (parse_stored(found)?, kind) {
        (Stored::Foreign(_), Value::SimpleString(kind)) => command::foreign_type(kind.as_bytes()),
        (found, _) => found,
    };
    Ok(Applied::Done(vec![found]))
}

/// The reply to [`command::get_transaction`]. `None` where the server has refused it.
pub(crate) fn parse_get_transaction(replies: Vec<Value>, count: usize) -> Option<Vec<Stored>> {
    command::parse_mget(replies.into_iter().next()?, count).ok()
}

/// A batch that is one plain command, or nothing to do: one change without an expectation.
pub(crate) struct SingleCommand {
    /// `None` where there is nothing to do.
    pub(crate) command: Option<Cmd>,
    want_previous: bool,
}

impl SingleCommand {
    /// `None` where the batch needs the script.
    pub(crate) fn of(batch: &Batch) -> Option<Self> {
        let [change] = batch.changes() else { return None };
        if change.expect != Expect::Any {
            return None;
        }
        let want_previous = batch.want_previous();
        let command = match (&change.op, want_previous) {
            (Op::Set(value), false) => Some(command::set(&change.key, value)),
            (Op::Set(value), true) => {
                let mut set = command::set(&change.key, value);
                set.arg("GET");
                Some(set)
            }
            (Op::Remove, false) => Some(command::del(&change.key)),
            (Op::Keep, false) => None,
            (Op::Remove | Op::Keep, true) => return None,
        };
        Some(Self { command, want_previous })
    }

    /// The result. `None` where nothing was written and the script has to do it.
    pub(crate) fn parse(&self, reply: RedisResult<Value>) -> RedisResult<Option<Applied>> {
        if !self.want_previous {
            return reply.map(|_| Some(Applied::Done(Vec::new())));
        }
        match reply {
            Ok(previous) => Ok(Some(Applied::Done(vec![parse_stored(previous)?]))),
            // `SET … GET` writes nothing where the old value is no string.
            Err(error) if is_wrong_type(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The keys with a prefix among those of one `SCAN`, whose pattern may match more.
pub(crate) fn keys_with_prefix(prefix: &Prefix, found: impl IntoIterator<Item = Vec<u8>>) -> impl Iterator<Item = Key> {
    found.into_iter().filter_map(|key| prefix.key_of(&key))
}

/// Sorts keys and removes duplicates: `SCAN` may return a key twice.
pub(crate) fn sorted_once(mut keys: Vec<Key>) -> Vec<Key> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Warnings about the reply to `INFO memory`. None where the user has no right to `INFO`.
pub(crate) fn eviction_warnings(reply: RedisResult<Value>) -> RedisResult<Vec<Warning>> {
    let info = match reply {
        Ok(info) => redis::from_redis_value::<String>(info).unwrap_or_default(),
        Err(error) if matches!(classify(&error).error.kind(), ErrorKind::Denied | ErrorKind::Unsupported) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let policy = info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:")).unwrap_or_default();
    if !policy.starts_with("allkeys-") {
        return Ok(Vec::new());
    }
    Ok(vec![
        Warning::new(
            "the server evicts any key when its memory is full, and an evicted setting is back at its default",
        )
        .with_hint("set maxmemory-policy to noeviction or one of volatile-*"),
    ])
}
