//! What a backend says it can do.

/// What a backend can do beyond what every backend must; the conformance suite checks that it tells the truth.
///
/// It starts from what every backend does, and a backend says what differs:
///
/// ```
/// use constance_core::Capability;
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
    /// A read may be answered from what the backend remembers, which another writer may have changed since. Where this is
    /// `true`, a write that what was read refuses is planned once more after [`forget`](crate::Backend::forget), from the store.
    /// Default: `false`.
    pub remembers: bool,
    /// The longest value in bytes that is accepted; a longer one is refused with `Encode`. Default: `None`, no limit of
    /// its own.
    pub max_value_len: Option<usize>,
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
}

impl Default for Capability {
    fn default() -> Self {
        Self::new()
    }
}
