//! Changes that are written together.

use std::collections::HashSet;

use crate::{
    Error, ErrorKind, Result,
    backend::{Encoded, Key, Stored},
};

/// Changes to apply as a whole or not at all; no key occurs twice.
///
/// ```
/// use constance_core::{backend::{Batch, Change, Encoded, Expect, Op}, Prefix};
///
/// let key = Prefix::empty().key("theme")?;
/// let batch = Batch::one(Change::set(key, Encoded::from(b"dark".to_vec())).expecting(Expect::Absent)).wanting_previous(true);
/// assert_eq!(batch.changes().len(), 1);
/// # Ok::<(), constance_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Batch {
    changes: Vec<Change>,
    want_previous: bool,
}

/// What happens to one key, and what must be there before.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: Key,
    /// What must be stored under the key, else the whole batch is a conflict.
    pub expect: Expect,
    /// What becomes of it.
    pub op: Op,
}

/// What must be stored under a key for a batch to be applied. Exhaustive on purpose: a backend checks every one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Anything or nothing.
    Any,
    /// Nothing.
    Absent,
    /// Exactly these bytes.
    Equals(Encoded),
}

/// What a change does to a key. Exhaustive on purpose: a backend does every one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Stores these bytes.
    Set(Encoded),
    /// Removes what is stored; nothing stored is fine.
    Remove,
    /// Leaves it as it is: only the expectation counts, so that a rule across settings holds against another writer.
    Keep,
}

/// What became of a batch. Exhaustive on purpose: a caller handles both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// Everything was applied. Holds what was stored before, one for each change in the batch's order, where the batch
    /// [wanted it](Batch::want_previous); empty otherwise.
    Done(Vec<Stored>),
    /// Nothing was applied, since an expectation did not hold.
    Conflict {
        /// The place in the batch of a change whose expectation did not hold.
        index: usize,
        /// What is stored under that key.
        current: Stored,
    },
}

impl Batch {
    /// A batch of these changes.
    ///
    /// # Errors
    ///
    /// `Contract` where a key occurs twice: what would be stored at the end is not said.
    pub fn new(changes: Vec<Change>) -> Result<Self> {
        let mut seen = HashSet::with_capacity(changes.len());
        if let Some(twice) = changes.iter().find(|change| !seen.insert(&change.key)) {
            return Err(Error::new(ErrorKind::Contract)
                .with_setting(twice.key.name())
                .with_detail("a batch changes it twice"));
        }
        Ok(Self { changes, want_previous: false })
    }

    /// A batch of one change.
    #[must_use]
    pub fn one(change: Change) -> Self {
        Self { changes: vec![change], want_previous: false }
    }

    /// Asks for what was stored before. It can double the price of a write, so it is asked for only when somebody listens.
    #[must_use]
    pub fn wanting_previous(mut self, want: bool) -> Self {
        self.want_previous = want;
        self
    }

    /// The changes, in the order in which they were given.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// How many bytes its keys have, with the values that it stores and those that it expects.
    #[must_use]
    pub fn len_in_bytes(&self) -> usize {
        let len = |change: &Change| {
            let stored = if let Op::Set(value) = &change.op { value.len() } else { 0 };
            let expected = if let Expect::Equals(value) = &change.expect { value.len() } else { 0 };
            change.key.as_str().len() + stored + expected
        };
        self.changes.iter().map(len).sum()
    }

    /// Whether [`Applied::Done`] has to carry what was stored before.
    #[must_use]
    pub fn want_previous(&self) -> bool {
        self.want_previous
    }
}

impl Change {
    /// Stores these bytes, whatever is there.
    #[must_use]
    pub fn set(key: Key, value: Encoded) -> Self {
        Self { key, expect: Expect::Any, op: Op::Set(value) }
    }

    /// Removes what is stored, if anything is.
    #[must_use]
    pub fn remove(key: Key) -> Self {
        Self { key, expect: Expect::Any, op: Op::Remove }
    }

    /// Changes nothing; give it an expectation with [`expecting`](Self::expecting).
    #[must_use]
    pub fn keep(key: Key) -> Self {
        Self { key, expect: Expect::Any, op: Op::Keep }
    }

    /// Says what must be stored before.
    #[must_use]
    pub fn expecting(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }
}

impl Expect {
    /// Whether what is stored is as expected. Something [foreign](Stored::Foreign) equals nothing and is not absent.
    #[must_use]
    pub fn holds(&self, stored: &Stored) -> bool {
        match (self, stored) {
            (Self::Any, _) | (Self::Absent, Stored::Absent) => true,
            (Self::Equals(wanted), Stored::Value(found)) => wanted == found,
            (Self::Absent | Self::Equals(_), _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Prefix;

    #[test]
    fn a_key_may_not_occur_twice() -> Result<()> {
        let key = Prefix::empty().key("a")?;
        let error = Batch::new(vec![Change::remove(key.clone()), Change::keep(key)]).expect_err("twice");
        assert_eq!((error.kind(), error.setting()), (ErrorKind::Contract, Some("a")));
        Ok(())
    }

    #[test]
    fn a_foreign_thing_is_neither_absent_nor_equal() {
        let list = Stored::Foreign("a list");
        assert!(Expect::Any.holds(&list));
        assert!(!Expect::Absent.holds(&list));
        assert!(!Expect::Equals(Encoded::from(Vec::new())).holds(&list));
    }
}
