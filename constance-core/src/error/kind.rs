//! What kind of failure, in the midst of what.

/// The kinds of failure that a caller may want to tell apart.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The store cannot be reached, or it cannot serve now.
    Unavailable,
    /// The store did not answer in time. For a write it is not known whether it happened.
    Timeout,
    /// The store refused the credentials or the right to do this.
    Denied,
    /// Something is stored that cannot be read as the setting's type.
    Decode,
    /// A value cannot be written in the stored format.
    Encode,
    /// A value breaks the setting's rules: its bounds, its choices, its own function, or a rule across settings.
    Invalid,
    /// No setting has this name.
    UnknownSetting,
    /// Somebody else changed the setting meanwhile; [`Error::current`](crate::Error::current) has what is stored now.
    Conflict,
    /// An override is in force for the setting in this handle, so that a write would work on another value than it shows.
    /// Nothing was written.
    Overridden,
    /// The tables are missing.
    NotMigrated,
    /// This backend cannot do this; its [`Capability`](crate::backend::Capability) says so. Nothing was written.
    Unsupported,
    /// The application set something up wrongly: a URL, a prefix, a schema.
    Configuration,
    /// A backend broke the contract of [`Backend`](crate::Backend): a defect in that backend.
    Contract,
}

/// What was being done when an [`Error`](crate::Error) arose.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reading settings.
    Read,
    /// Setting or resetting settings.
    Write,
    /// Listing what is stored under a prefix.
    List,
    /// Following changes.
    Watch,
    /// Asking whether the store answers.
    Ping,
    /// Creating or changing tables.
    Migrate,
}

impl ErrorKind {
    /// The kind as a label of a metric.
    #[cfg(feature = "metrics")]
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Denied => "denied",
            Self::Decode => "decode",
            Self::Encode => "encode",
            Self::Invalid => "invalid",
            Self::UnknownSetting => "unknown_setting",
            Self::Conflict => "conflict",
            Self::Overridden => "overridden",
            Self::NotMigrated => "not_migrated",
            Self::Unsupported => "unsupported",
            Self::Configuration => "configuration",
            Self::Contract => "contract",
        }
    }

    /// The words that stand for the kind when nothing more is known.
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Self::Unavailable => "the store is unavailable",
            Self::Timeout => "the store did not answer in time",
            Self::Denied => "the store denied access",
            Self::Decode => "the stored value is unreadable",
            Self::Encode => "the value cannot be encoded",
            Self::Invalid => "the value is not accepted",
            Self::UnknownSetting => "there is no such setting",
            Self::Conflict => "the stored value was changed by another writer",
            Self::Overridden => "an override is in force for it in this handle",
            Self::NotMigrated => "the tables do not exist",
            Self::Unsupported => "the backend does not support this",
            Self::Configuration => "the configuration is wrong",
            Self::Contract => "the backend broke its contract",
        }
    }
}
