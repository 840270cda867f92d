//! Reads many keys.

use constance_core::{
    Prefix,
    backend::{Key, Portion, Stored},
};

use super::Store;
use crate::dialect::Dialect;
use crate::failure::Failure;
use crate::query::{KeyParam, KeysIn, RowsIn};
use crate::schema::{FoundValue, Row};

/// How many keys one statement gives in a listing in portions.
const PORTION: usize = 1000;

impl<C: Dialect> Store<'_, C> {
    /// What is stored under these keys, from one statement, so that they are all of one moment.
    pub(crate) fn many(&mut self, keys: &[&Key]) -> Result<Vec<Stored>, Failure> {
        match keys {
            [] => return Ok(Vec::new()),
            [key] => return Ok(vec![self.connection.stored(self.tables, key)?]),
            _ => {}
        }
        let wanted = sorted(keys);
        let rows = match self.range(keys, &wanted)? {
            Some(rows) => rows,
            None => self.connection.rows_of(self.tables, &names(&wanted))?,
        };
        Ok(in_asked_order(&wanted, rows))
    }

    /// The rows from the least to the greatest of these keys, or `None` where looking each one up is cheaper.
    ///
    /// Between them may lie any number of rows that nobody asked for, so no more than twice as many are read as there are
    /// keys; if that did not reach the end, nothing of it is used, since a second statement would see another moment.
    fn range(&mut self, keys: &[&Key], sorted: &[(&str, usize)]) -> Result<Option<Vec<Row>>, Failure> {
        let prefix = keys[0].prefix();
        if keys.len() < C::MIN_KEYS_FOR_RANGE || keys.iter().any(|key| key.prefix() != prefix) {
            return Ok(None);
        }
        let (low, high) = (KeyParam(sorted[0].0), KeyParam(sorted[sorted.len() - 1].0));
        let limit = keys.len() * 2;
        let statement = RowsIn { tables: self.tables, low, high, limit: limit as i64 };
        let rows = self.connection.rows_in(statement)?;
        Ok((rows.len() < limit).then_some(rows))
    }

    /// Everything under a prefix.
    pub(crate) fn list(&mut self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>, Failure> {
        // A name is ASCII, so that every key of the prefix comes before this.
        let (low, high) = (prefix.as_str(), format!("{prefix}\u{7f}"));
        let statement = RowsIn { tables: self.tables, low: KeyParam(low), high: KeyParam(&high), limit: i64::MAX };
        let rows = self.connection.rows_in(statement)?;
        Ok(rows.into_iter().filter_map(|(key, FoundValue(stored))| Some((prefix.key_of(&key.0)?, stored))).collect())
    }

    /// Some of the keys under a prefix, in the order of their bytes.
    pub(crate) fn keys_from(&mut self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion, Failure> {
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
pub(super) fn sorted<'k>(keys: &[&'k Key]) -> Vec<(&'k str, usize)> {
    let mut wanted: Vec<(&str, usize)> = keys.iter().enumerate().map(|(at, key)| (key.as_str(), at)).collect();
    wanted.sort_unstable();
    wanted
}

pub(super) fn names<'k>(wanted: &[(&'k str, usize)]) -> Vec<&'k str> {
    wanted.iter().map(|(key, _)| *key).collect()
}

/// An answer for each key, in the order in which they were asked for.
pub(super) fn in_asked_order(wanted: &[(&str, usize)], rows: Vec<Row>) -> Vec<Stored> {
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
