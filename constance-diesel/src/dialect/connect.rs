//! Where a database is, and how a connection to it is opened.

use constance_core::{Result, Warning};

use super::{Diagnose, Run};
use crate::diagnosis::Diagnosis;
use crate::options::Options;

/// Where a database is, as its URL says.
pub trait ConnectTarget: Clone + Send + Sync + Sized + 'static {
    /// Reads a URL. No I/O.
    fn parse(url: &str) -> Result<Self>;

    /// Where the store is, for errors: host and port, or a file. No user, and nothing else of the URL.
    fn location(&self) -> Option<String>;

    /// Which database it is, where that can be told: see [`Backend::identity`](constance_core::Backend::identity).
    fn identity(&self) -> Option<String>;

    /// What users should know of connections to it, whatever the server says. No I/O. Default: nothing.
    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }

    /// Which file it names now. Connections that lead to another one are out of date. Default: none, as for a server.
    fn file_id(&self) -> Option<FileId> {
        None
    }
}

/// Tells one file from another that took its name: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId(pub(crate) u64, pub(crate) u64);

/// Opens connections.
pub trait Connect: Run + Diagnose {
    /// Whether a connection can die while nobody uses it.
    const HAS_NETWORK: bool;

    /// Where the database is.
    type Target: ConnectTarget;

    /// Opens a connection and sets its session up.
    fn open(target: &Self::Target, purpose: Purpose, options: &Options) -> Result<Self>;

    /// Where a connection that the application opened leads to. Default: `None`, since a connection does not tell the password
    /// that it was made with. Then a feed looks for changes over connections of the application's pool.
    fn target_of_connection(&mut self) -> Result<Option<Self::Target>, Diagnosis> {
        Ok(None)
    }
}

/// What a connection is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading and writing settings.
    Serve,
    /// Creating what is missing.
    Migrate,
    /// Looking for changes.
    Watch,
}
