//! What is asked for a call, and what the answers come to. No I/O: it is the same for the synchronous and the asynchronous
//! backend.

use std::sync::atomic::{AtomicBool, Ordering};

use constance_core::{Applied, Batch, Capability, Error, ErrorKind, Expect, Key, Prefix, Result, Stored, To, Warning};
use redis::{Cmd, RedisResult, Value};

use crate::command::{self, is_wrong_type, stored, unexpected};
use crate::error::fault;

/// The longest string that Redis stores, with its default `proto-max-bulk-len`.
const MAX_VALUE_LEN: usize = 512 << 20;

/// What a backend over Redis can.
pub(crate) fn capability() -> Capability {
    Capability::new().with_persistent(true).with_shared(true).with_max_value_len(MAX_VALUE_LEN)
}

/// Refuses a batch with a value that no server would store.
pub(crate) fn check(batch: &Batch) -> Result<()> {
    match batch.changes().iter().find(|change| matches!(&change.to, To::Set(value) if value.len() > MAX_VALUE_LEN)) {
        Some(change) => Err(Error::new(ErrorKind::Encode)
            .with_setting(change.key.name())
            .with_detail("the value is longer than the 512 MiB that Redis stores")),
        None => Ok(()),
    }
}

/// A read of many keys, all of one moment.
///
/// `MGET` shows a list like nothing at all. So where keys have no string, `EXISTS` tells in the same round trip whether
/// there is anything else, and only if so the script looks again, at everything at once. A store in which every key is
/// set is not asked twice: the last read says what this one is likely to meet.
///
/// Between the two commands the server may serve somebody else where a request is longer than what it takes in at once
/// (16 KiB). To hide a list, exactly as many values would have to vanish in that moment as there are lists.
pub(crate) struct Many<'k> {
    keys: &'k [&'k Key],
    /// Whether the last read of many keys met one without a string.
    seen: &'k AtomicBool,
    gaps: bool,
}

impl<'k> Many<'k> {
    pub(crate) fn new(keys: &'k [&'k Key], seen: &'k AtomicBool) -> Self {
        Self { keys, seen, gaps: seen.load(Ordering::Relaxed) }
    }

    /// The command that reads.
    pub(crate) fn strings(&self) -> Cmd {
        command::of_keys("MGET", self.keys)
    }

    /// The command to send right behind it, if any.
    pub(crate) fn others(&self) -> Option<Cmd> {
        self.gaps.then(|| command::of_keys("EXISTS", self.keys))
    }

    /// What the answers show, or `None` where the script has to look.
    pub(crate) fn found(&self, answers: Vec<Value>) -> RedisResult<Option<Vec<Stored>>> {
        if answers.len() != 1 + usize::from(self.gaps) {
            return Err(unexpected());
        }
        let mut answers = answers.into_iter();
        let found = command::strings(answers.next().ok_or_else(unexpected)?, self.keys.len())?;
        let strings = found.iter().filter(|stored| !stored.is_absent()).count();
        if self.gaps != (strings < self.keys.len()) {
            self.seen.store(!self.gaps, Ordering::Relaxed);
        }
        // A user without the right to EXISTS gets an error here, and the script.
        let all = match answers.next() {
            Some(Value::Int(there)) => there == strings as i64,
            _ => strings == self.keys.len(),
        };
        Ok(all.then_some(found))
    }
}

/// What the script has seen that only looks.
pub(crate) fn looked(applied: Applied) -> RedisResult<Vec<Stored>> {
    match applied {
        Applied::Done(found) => Ok(found),
        Applied::Conflict { .. } => Err(unexpected()),
    }
}

/// What a transaction without the script has done, of a change that [`exchange`](command::exchange) was made of.
pub(crate) fn exchanged(answers: Vec<Value>) -> RedisResult<Applied> {
    let Some(Value::Array(answers)) = answers.into_iter().next() else { return Err(unexpected()) };
    let mut answers = answers.into_iter();
    let (Some(found), Some(kind)) = (answers.next(), answers.next()) else { return Err(unexpected()) };
    if let Some(Value::ServerError(error)) = answers.next() {
        return Err(error.into());
    }
    let found = match (stored(found)?, kind) {
        (Stored::Foreign(_), Value::SimpleString(kind)) => command::kind(kind.as_bytes()),
        (found, _) => found,
    };
    Ok(Applied::Done(vec![found]))
}

/// What a transaction of `GET`s has found, or `None` where the server refused it.
pub(crate) fn gotten(answers: Vec<Value>, count: usize) -> Option<Vec<Stored>> {
    command::strings(answers.into_iter().next()?, count).ok()
}

/// A batch of one change that expects nothing: at most one plain command.
pub(crate) struct Plain {
    /// `None` where there is nothing to do.
    pub(crate) command: Option<Cmd>,
    want_previous: bool,
}

impl Plain {
    /// The batch in one plain command, if there is one for it.
    pub(crate) fn of(batch: &Batch) -> Option<Self> {
        let [change] = batch.changes() else { return None };
        if change.expect != Expect::Any {
            return None;
        }
        let want_previous = batch.want_previous();
        let command = match (&change.to, want_previous) {
            (To::Set(value), false) => Some(command::set(&change.key, value)),
            (To::Set(value), true) => {
                let mut set = command::set(&change.key, value);
                set.arg("GET");
                Some(set)
            }
            (To::Remove, false) => Some(command::del(&change.key)),
            (To::Keep, false) => None,
            (To::Remove | To::Keep, true) => return None,
        };
        Some(Self { command, want_previous })
    }

    /// What has become of it, or `None` where nothing was done and the script has to.
    pub(crate) fn applied(&self, answer: RedisResult<Value>) -> RedisResult<Option<Applied>> {
        if !self.want_previous {
            return answer.map(|_| Some(Applied::Done(Vec::new())));
        }
        match answer {
            Ok(previous) => Ok(Some(Applied::Done(vec![stored(previous)?]))),
            // Nothing was written: it works on strings only.
            Err(error) if is_wrong_type(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The keys under a prefix among those that one step of a scan has met.
pub(crate) fn keys(prefix: &Prefix, met: impl IntoIterator<Item = Vec<u8>>) -> impl Iterator<Item = Key> {
    met.into_iter().filter_map(|key| prefix.key_of(&key))
}

/// Each key once: one may be met twice while the server's table grows or shrinks.
pub(crate) fn once(mut keys: Vec<Key>) -> Vec<Key> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// What there is to say of what a server says to `INFO memory`. Nothing where the user may not ask, or it says nothing.
pub(crate) fn warnings(answer: RedisResult<Value>) -> RedisResult<Vec<Warning>> {
    let said = match answer {
        Ok(said) => redis::from_redis_value::<String>(said).unwrap_or_default(),
        Err(error) if matches!(fault(&error).error.kind(), ErrorKind::Denied | ErrorKind::Unsupported) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let policy = said.lines().find_map(|line| line.strip_prefix("maxmemory_policy:")).unwrap_or_default();
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
