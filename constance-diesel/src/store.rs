//! What is asked of the settings table, on a connection that somebody holds.

use std::num::NonZeroU32;

use constance_core::{
    Prefix,
    backend::{Applied, Batch, Change, Encoded, Expect, Key, Op, Portion, Stored},
};
use diesel::connection::TransactionManager;
use diesel::result::{DatabaseErrorKind, Error as DriverError, QueryResult};

use crate::dialect::Dialect;
use crate::query::{Bound, Clash, Delete, Insert, KeyParam, KeysIn, RowsIn, UpdateIf, ValueOf};
use crate::schema::{FoundValue, Row, Tables};

/// How often a batch is begun before it is given up: each time somebody else got in between, or the database undid it.
const TRIES: usize = 8;

/// How many keys one statement gives in a listing in portions.
const PORTION: usize = 1000;

/// The settings table over one connection.
pub(crate) struct Store<'a, C> {
    pub(crate) connection: &'a mut C,
    pub(crate) tables: &'a Tables,
    /// Whether the connection is in a transaction of the application's. Then nothing that the database undid as a whole can
    /// be begun again here.
    pub(crate) within: bool,
}

/// How a transaction ended.
enum Ended {
    As(Applied),
    /// Somebody else stored something under a key that was absent a moment ago. Nothing is applied.
    Overtaken,
}

impl<C: Dialect> Store<'_, C> {
    /// What is stored under one key.
    pub(crate) fn one(&mut self, key: &Key) -> QueryResult<Stored> {
        let found = self.connection.value_of(ValueOf { tables: self.tables, key: KeyParam(key.as_str()) })?;
        Ok(found.map_or(Stored::Absent, |FoundValue(stored)| stored))
    }

    /// What is stored under these keys, from one statement, so that they are all of one moment.
    pub(crate) fn many(&mut self, keys: &[&Key]) -> QueryResult<Vec<Stored>> {
        match keys {
            [] => return Ok(Vec::new()),
            [key] => return Ok(vec![self.one(key)?]),
            _ => {}
        }
        let wanted = sorted(keys);
        let rows = match self.range(keys, &wanted)? {
            Some(rows) => rows,
            None => self.connection.rows_of(self.tables, &names(&wanted))?,
        };
        Ok(answers(&wanted, rows))
    }

    /// The rows from the least to the greatest of these keys, or `None` where looking each one up is cheaper.
    ///
    /// Between them may lie any number of rows that nobody asked for, so no more than twice as many are read as there are
    /// keys; if that did not reach the end, nothing of it is used, since a second statement would see another moment.
    fn range(&mut self, keys: &[&Key], sorted: &[(&str, usize)]) -> QueryResult<Option<Vec<Row>>> {
        let prefix = keys[0].prefix();
        if keys.len() < C::RANGE_FROM || keys.iter().any(|key| key.prefix() != prefix) {
            return Ok(None);
        }
        let (low, high) = (KeyParam(sorted[0].0), KeyParam(sorted[sorted.len() - 1].0));
        let limit = keys.len() * 2;
        let statement = RowsIn { tables: self.tables, low, high, limit: limit as i64 };
        let rows = self.connection.rows_in(statement)?;
        Ok((rows.len() < limit).then_some(rows))
    }

    /// Everything under a prefix.
    pub(crate) fn listed(&mut self, prefix: &Prefix) -> QueryResult<Vec<(Key, Stored)>> {
        // A name is ASCII, so that every key of the prefix comes before this.
        let (low, high) = (prefix.as_str(), format!("{prefix}\u{7f}"));
        let statement = RowsIn { tables: self.tables, low: KeyParam(low), high: KeyParam(&high), limit: i64::MAX };
        let rows = self.connection.rows_in(statement)?;
        Ok(rows.into_iter().filter_map(|(key, FoundValue(stored))| Some((prefix.key_of(&key.0)?, stored))).collect())
    }

    /// Some of the keys under a prefix, in the order of their bytes.
    pub(crate) fn keys_from(&mut self, prefix: &Prefix, from: Option<&[u8]>) -> QueryResult<Portion> {
        let (low, high) = (from.and_then(|from| std::str::from_utf8(from).ok()), format!("{prefix}\u{7f}"));
        let (low, high) = (KeyParam(low.unwrap_or(prefix.as_str())), KeyParam(&high));
        let found = self.connection.keys_in(KeysIn { tables: self.tables, low, high, limit: PORTION as i64 })?;
        let next = found.last().filter(|_| found.len() >= PORTION).map(|last| after(prefix, &last.0));
        let keys = found.iter().filter_map(|key| prefix.key_of(&key.0)).collect();
        Ok(match next {
            Some(next) => Portion::before(keys, next),
            None => Portion::last(keys),
        })
    }

    /// Applies a batch as a whole or not at all.
    pub(crate) fn write(&mut self, batch: &Batch) -> QueryResult<Applied> {
        for _ in 1..TRIES {
            match self.in_one_statement(batch) {
                Ok(Some(applied)) => return Ok(applied),
                Ok(None) => break,
                // A statement alone can be undone as well: a deadlock with a batch, a default isolation that is stricter.
                Err(error) if !self.within && self.connection.undone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if batch.changes().iter().all(|change| change.op == Op::Keep) {
            // One statement sees one moment; nobody else need wait for that.
            let keys: Vec<&Key> = batch.changes().iter().map(|change| &change.key).collect();
            let (tables, within) = (self.tables, self.within);
            let found = again(self.connection, |connection| Store { connection, tables, within }.many(&keys))?;
            return Ok(judged(batch, &found).unwrap_or_else(|| done(batch, found)));
        }
        for _ in 1..TRIES {
            match self.transaction(batch) {
                Ok(Ended::As(applied)) => return Ok(applied),
                Ok(Ended::Overtaken) => {}
                Err(error) if !self.within && self.connection.undone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        match self.transaction(batch)? {
            Ended::As(applied) => Ok(applied),
            // Another moment may go better, as after any other lost race.
            Ended::Overtaken => {
                Err(DriverError::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(String::new())))
            }
        }
    }

    /// Applies a batch by one statement. `None`: nothing was changed, and it takes a transaction.
    fn in_one_statement(&mut self, batch: &Batch) -> QueryResult<Option<Applied>> {
        let previous = match batch.changes() {
            [change] => self.at_once(change, batch.want_previous())?.map(|previous| vec![previous]),
            changes if is_blind(batch) => self.all_at_once(changes)?.then(Vec::new),
            _ => None,
        };
        Ok(previous.map(|previous| done(batch, previous)))
    }

    /// Stores several values by one statement. `false`: nothing was stored.
    fn all_at_once(&mut self, changes: &[Change]) -> QueryResult<bool> {
        let rows = changes.iter().map(|change| match &change.op {
            Op::Set(value) => Some((change.key.as_str(), value.as_bytes())),
            Op::Remove | Op::Keep => None,
        });
        let Some(mut rows) = rows.collect::<Option<Vec<_>>>() else { return Ok(false) };
        rows.sort_unstable();
        self.connection.set_all(self.tables, &rows)
    }

    /// Makes one change by one statement and gives what was stored before, if that is known without asking. `None`: nothing
    /// was changed, and it takes a transaction to say why or what was there.
    fn at_once(&mut self, change: &Change, want_previous: bool) -> QueryResult<Option<Stored>> {
        let (tables, key) = (self.tables, KeyParam(change.key.as_str()));
        match (&change.expect, &change.op) {
            (Expect::Any, Op::Keep) if !want_previous => Ok(Some(Stored::Absent)),
            (Expect::Any, Op::Set(value)) if !want_previous => {
                self.insert(key, value, Clash::Replace(tables)).map(|_| Some(Stored::Absent))
            }
            (Expect::Any, Op::Remove) if !want_previous => {
                self.connection.delete(Delete { tables, key, old: None }).map(|_| Some(Stored::Absent))
            }
            (Expect::Any, Op::Remove) => self.connection.take(tables, change.key.as_str()),
            (Expect::Any, Op::Set(value)) => self.connection.replace(tables, change.key.as_str(), value.as_bytes()),
            (Expect::Absent, Op::Set(value)) => Ok(self.insert(key, value, Clash::Keep)?.then_some(Stored::Absent)),
            (Expect::Equals(old), Op::Set(value)) => {
                let (expected, value) = (Some(Bound(old.as_bytes())), Bound(value.as_bytes()));
                let statement = UpdateIf { tables, key, old: expected, value, now: C::NOW };
                Ok(self.connection.update_if(statement)?.then(|| Stored::Value(old.clone())))
            }
            (Expect::Equals(old), Op::Remove) => {
                let statement = Delete { tables, key, old: Some(Bound(old.as_bytes())) };
                Ok(self.connection.delete(statement)?.then(|| Stored::Value(old.clone())))
            }
            _ => Ok(None),
        }
    }

    fn insert(&mut self, key: KeyParam<'_>, value: &Encoded, clash: Clash<'_>) -> QueryResult<bool> {
        let value = Bound(value.as_bytes());
        self.connection.insert(Insert { tables: self.tables, key, value, now: C::NOW, clash })
    }

    fn transaction(&mut self, batch: &Batch) -> QueryResult<Ended> {
        self.connection.begin_write()?;
        let (tables, within) = (self.tables, self.within);
        finish(
            self.connection,
            |connection| Store { connection, tables, within }.apply(batch),
            |ended| matches!(ended, Ended::As(Applied::Done(_))),
        )
    }

    /// Locks the rows of the batch, checks it, and applies the changes in the order of their keys, so that two batches
    /// wait for each other and do not stop each other.
    fn apply(&mut self, batch: &Batch) -> QueryResult<Ended> {
        let changes = batch.changes();
        let keys: Vec<&Key> = changes.iter().map(|change| &change.key).collect();
        let wanted = sorted(&keys);
        if is_blind(batch) {
            for (_, at) in &wanted {
                self.blind(&changes[*at])?;
            }
            return Ok(Ended::As(Applied::Done(Vec::new())));
        }
        let rows = self.connection.rows_locked(self.tables, &names(&wanted))?;
        let found = answers(&wanted, rows);
        if let Some(conflict) = judged(batch, &found) {
            return Ok(Ended::As(conflict));
        }
        for (_, at) in &wanted {
            let change = &changes[*at];
            // A row that is not there cannot be locked. Storing one where there must be none settles who was first.
            let kept = match (&found[*at], &change.op) {
                (Stored::Absent, Op::Set(value)) => self.insert(KeyParam(change.key.as_str()), value, Clash::Keep)?,
                (Stored::Absent, Op::Remove | Op::Keep) if change.expect == Expect::Absent => self.reserve(change)?,
                // What is removed here came since, and nobody has seen what it was.
                (Stored::Absent, Op::Remove) if batch.want_previous() => !self.remove(change)?,
                _ => {
                    self.blind(change)?;
                    true
                }
            };
            if !kept {
                return Ok(Ended::Overtaken);
            }
        }
        Ok(Ended::As(done(batch, found)))
    }

    fn blind(&mut self, change: &Change) -> QueryResult<()> {
        match &change.op {
            Op::Set(value) => self.insert(KeyParam(change.key.as_str()), value, Clash::Replace(self.tables)).map(drop),
            Op::Remove => self.remove(change).map(drop),
            Op::Keep => Ok(()),
        }
    }

    /// Removes a key, whatever is stored there; whether there was a row.
    fn remove(&mut self, change: &Change) -> QueryResult<bool> {
        self.connection.delete(Delete { tables: self.tables, key: KeyParam(change.key.as_str()), old: None })
    }

    /// Keeps a key absent until the transaction ends: whoever stores something under it waits for the row that comes and
    /// goes here. `false`: somebody was faster.
    fn reserve(&mut self, change: &Change) -> QueryResult<bool> {
        if !self.insert(KeyParam(change.key.as_str()), &Encoded::from(Vec::new()), Clash::Keep)? {
            return Ok(false);
        }
        self.remove(change)
    }
}

/// The least key behind this one that may have a valid name.
///
/// A name is ASCII, while a key of somebody else's may be anything, also what no statement takes as a text.
fn after(prefix: &Prefix, key: &[u8]) -> Vec<u8> {
    let from = prefix.as_str().len().min(key.len());
    let ascii = key[from..].iter().take_while(|byte| byte.is_ascii()).count();
    let mut next = key[..from + ascii].to_vec();
    match next.last_mut() {
        // The byte of every name comes behind this one.
        _ if from + ascii == key.len() => next.push(1),
        // All that begins so and goes on with such a byte comes behind every name that begins so.
        Some(last) if ascii > 0 => *last += 1,
        _ => {}
    }
    next
}

/// The keys in the order of their bytes, each with its place among those asked for.
fn sorted<'k>(keys: &[&'k Key]) -> Vec<(&'k str, usize)> {
    let mut wanted: Vec<(&str, usize)> = keys.iter().enumerate().map(|(at, key)| (key.as_str(), at)).collect();
    wanted.sort_unstable();
    wanted
}

fn names<'k>(wanted: &[(&'k str, usize)]) -> Vec<&'k str> {
    wanted.iter().map(|(key, _)| *key).collect()
}

/// An answer for each key, in the order in which they were asked for.
fn answers(wanted: &[(&str, usize)], rows: Vec<Row>) -> Vec<Stored> {
    let mut answers = vec![Stored::Absent; wanted.len()];
    let mut next = 0;
    for (key, FoundValue(stored)) in rows {
        let key = key.0.as_slice();
        // An index gives the rows in the order of their keys, but nothing says that one was used.
        if wanted.get(next).is_none_or(|(wanted, _)| wanted.as_bytes() != key) {
            next = wanted.partition_point(|(wanted, _)| wanted.as_bytes() < key);
        }
        let from = next;
        while wanted.get(next).is_some_and(|(wanted, _)| wanted.as_bytes() == key) {
            next += 1;
        }
        // A key may be asked for twice.
        if let Some(((_, last), others)) = wanted[from..next].split_last() {
            for (_, at) in others {
                answers[*at] = stored.clone();
            }
            answers[*last] = stored;
        }
    }
    answers
}

/// Whether nothing need be known of what is there.
fn is_blind(batch: &Batch) -> bool {
    !batch.want_previous() && batch.changes().iter().all(|change| change.expect == Expect::Any)
}

/// The first change whose expectation does not hold.
fn judged(batch: &Batch, found: &[Stored]) -> Option<Applied> {
    let index = batch.changes().iter().zip(found).position(|(change, found)| !change.expect.holds(found))?;
    Some(Applied::Conflict { index, current: found[index].clone() })
}

fn done(batch: &Batch, found: Vec<Stored>) -> Applied {
    Applied::Done(if batch.want_previous() { found } else { Vec::new() })
}

/// Runs `work` in a transaction that has begun, and ends it: as done where `keep` says so, else undone.
pub(crate) fn finish<C: Dialect, T>(
    connection: &mut C,
    work: impl FnOnce(&mut C) -> QueryResult<T>,
    keep: impl FnOnce(&T) -> bool,
) -> QueryResult<T> {
    let done = work(connection);
    if done.as_ref().is_ok_and(keep) {
        let inside = depth(connection)?;
        if let Err(error) = connection.commit() {
            // diesel leaves a savepoint open that it could not release, and would take the end of the application's
            // transaction for that of the savepoint.
            if depth(connection).is_ok_and(|depth| depth.is_some() && depth == inside) {
                let _ = C::TransactionManager::rollback_transaction(connection);
            }
            return Err(error);
        }
        return done;
    }
    let undone = C::TransactionManager::rollback_transaction(connection);
    // What went wrong first tells more than a rollback of a transaction that the database ended by itself.
    let value = done?;
    undone?;
    Ok(value)
}

/// Does what only reads, and does it again where the database undid it so that others could go on: where transactions are
/// serializable by default, a statement alone is one. Not in a transaction, which is undone with it.
pub(crate) fn again<C: Dialect, T>(
    connection: &mut C,
    mut read: impl FnMut(&mut C) -> QueryResult<T>,
) -> QueryResult<T> {
    for _ in 1..TRIES {
        match read(connection) {
            Err(error) if depth(connection).is_ok_and(|depth| depth.is_none()) && connection.undone(&error) => {}
            done => return done,
        }
    }
    read(connection)
}

/// How deep the connection is in transactions.
pub(crate) fn depth<C: Dialect>(connection: &mut C) -> QueryResult<Option<NonZeroU32>> {
    C::TransactionManager::transaction_manager_status_mut(connection).transaction_depth()
}
