//! What a backend says it can do.

use crate::{
    Error, ErrorKind, Result,
    backend::{Batch, Change, Expect, Op},
};

/// What a backend can do beyond what every backend must; the conformance suite checks that it tells the truth.
///
/// It starts from what every backend does, and a backend says what differs:
///
/// ```
/// use constance_core::backend::Capability;
///
/// let capability = Capability::new().with_watch(true).with_shared(true);
/// assert!(capability.watch && capability.atomic_batch && !capability.persistent);
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability {
    /// A batch of several keys is applied as a whole or not at all, whatever its keys. Where this is `false`, the backend
    /// refuses a batch that it cannot apply so with `Unsupported`, and writes nothing. Default: `true`.
    pub atomic_batch: bool,
    /// Any bytes can be stored. Where this is `false`, only UTF-8 text can, and anything else is refused with `Encode`.
    /// Default: `true`.
    pub binary: bool,
    /// [`watch`](crate::Backend::watch) works and is woken by any writer. Default: `false`.
    pub watch: bool,
    /// What is stored outlives the process. Default: `false`.
    pub persistent: bool,
    /// Other backends opened on the same store see the same values. Default: `false`.
    pub shared: bool,
    /// A read may be answered from what the backend remembers, or from a replica that is behind: another writer may have
    /// changed it since. Where this is `true`, a write that what was read refuses is planned once more after
    /// [`forget`](crate::Backend::forget), from the store; a read after that is from the store itself.
    /// Default: `false`.
    pub remembers: bool,
    /// The longest value in bytes that is accepted; a longer one is refused with `Encode`. Default: `None`, no limit of
    /// its own.
    pub max_value_len: Option<usize>,
    /// How many changes of a batch may set or remove something. A batch with more is refused with `Unsupported`, and nothing
    /// of it is written: [`check`](Self::check) does that. Default: `None`, no limit.
    pub max_changes: Option<usize>,
    /// How many changes of a batch may [expect](crate::backend::Expect) something; a batch with more is refused the same way.
    /// Default: `None`, no limit.
    pub max_expectations: Option<usize>,
    /// How many [bytes](crate::backend::Batch::len_in_bytes) a batch may have; a longer one is refused the same way. Default:
    /// `None`, no limit.
    pub max_batch_len: Option<usize>,
}

impl Capability {
    /// What every backend does.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            atomic_batch: true,
            binary: true,
            watch: false,
            persistent: false,
            shared: false,
            remembers: false,
            max_value_len: None,
            max_changes: None,
            max_expectations: None,
            max_batch_len: None,
        }
    }

    /// Sets [`atomic_batch`](Self::atomic_batch).
    #[must_use]
    pub const fn with_atomic_batch(mut self, yes: bool) -> Self {
        self.atomic_batch = yes;
        self
    }

    /// Sets [`binary`](Self::binary).
    #[must_use]
    pub const fn with_binary(mut self, yes: bool) -> Self {
        self.binary = yes;
        self
    }

    /// Sets [`watch`](Self::watch).
    #[must_use]
    pub const fn with_watch(mut self, yes: bool) -> Self {
        self.watch = yes;
        self
    }

    /// Sets [`persistent`](Self::persistent).
    #[must_use]
    pub const fn with_persistent(mut self, yes: bool) -> Self {
        self.persistent = yes;
        self
    }

    /// Sets [`shared`](Self::shared).
    #[must_use]
    pub const fn with_shared(mut self, yes: bool) -> Self {
        self.shared = yes;
        self
    }

    /// Sets [`remembers`](Self::remembers).
    #[must_use]
    pub const fn with_remembers(mut self, yes: bool) -> Self {
        self.remembers = yes;
        self
    }

    /// Sets [`max_value_len`](Self::max_value_len).
    #[must_use]
    pub const fn with_max_value_len(mut self, bytes: usize) -> Self {
        self.max_value_len = Some(bytes);
        self
    }

    /// Sets [`max_changes`](Self::max_changes).
    #[must_use]
    pub const fn with_max_changes(mut self, changes: usize) -> Self {
        self.max_changes = Some(changes);
        self
    }

    /// Sets [`max_expectations`](Self::max_expectations).
    #[must_use]
    pub const fn with_max_expectations(mut self, expectations: usize) -> Self {
        self.max_expectations = Some(expectations);
        self
    }

    /// Sets [`max_batch_len`](Self::max_batch_len).
    #[must_use]
    pub const fn with_max_batch_len(mut self, bytes: usize) -> Self {
        self.max_batch_len = Some(bytes);
        self
    }

    /// Refuses a batch that is beyond one of the limits, for a backend to call before it writes.
    ///
    /// ```
    /// use constance_core::{backend::{Batch, Capability, Change, Encoded}, ErrorKind, Prefix};
    ///
    /// let set = |name| Ok(Change::set(Prefix::empty().key(name)?, Encoded::from(vec![1])));
    /// let two = Batch::new(vec![set("one")?, set("two")?])?;
    /// assert!(Capability::new().with_max_changes(2).check(&two).is_ok());
    /// let refused = Capability::new().with_max_changes(1).check(&two);
    /// assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::Unsupported));
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Unsupported`, with the limit and how far the batch is beyond it.
    pub fn check(&self, batch: &Batch) -> Result<()> {
        let beyond = |limit: Option<usize>, has: usize, what: &str| match limit.filter(|limit| has > *limit) {
            Some(limit) => Err(Error::new(ErrorKind::Unsupported)
                .with_detail(format!("{has} {what} are too many for one write to this store, which takes {limit}"))
                .with_hint("write fewer settings at a time")),
            None => Ok(()),
        };
        let counted = |is: fn(&Change) -> bool| batch.changes().iter().filter(|change| is(change)).count();
        if self.max_changes.is_some() {
            beyond(self.max_changes, counted(|change| change.op != Op::Keep), "changes")?;
        }
        if self.max_expectations.is_some() {
            beyond(self.max_expectations, counted(|change| change.expect != Expect::Any), "expectations")?;
        }
        if self.max_batch_len.is_some() {
            beyond(self.max_batch_len, batch.len_in_bytes(), "bytes")?;
        }
        Ok(())
    }
}

impl Default for Capability {
    fn default() -> Self {
        Self::new()
    }
}
