//! Where an SQLite file is.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use constance_core::{Error, ErrorKind, Result};

use crate::dialect::Purpose;
use crate::percent;

/// The file that a URL names, and how it may be opened.
#[derive(Clone)]
pub struct Place {
    path: String,
    mode: Option<&'static str>,
}

/// Tells one file from another that took its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId(u64, u64);

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A path may tell more than a log should.
        let Self { path: _, mode } = self;
        f.debug_struct("Place").field("mode", mode).finish_non_exhaustive()
    }
}

impl Place {
    /// Reads `sqlite://relative/path` or `sqlite:///absolute/path`, with `?mode=ro`, `rw` or `rwc`.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let wrong = |detail: &'static str, hint: &'static str| {
            Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
        };
        let shape = "write sqlite:///absolute/path or sqlite://relative/path";
        let Some(rest) = url.strip_prefix("sqlite:") else {
            return wrong("the URL is not one of SQLite", shape);
        };
        let (path, query) = rest
            .strip_prefix("//")
            .unwrap_or(rest)
            .split_once('?')
            .map_or_else(|| (rest.strip_prefix("//").unwrap_or(rest), None), |(path, query)| (path, Some(query)));
        if path.contains('#') {
            return wrong("the URL has a fragment", "write # in a file's name as %23");
        }
        let Some(path) = percent::decoded(path) else {
            return wrong("the path in the URL is not percent-encoded UTF-8", "write % in a file's name as %25");
        };
        let mut mode = None;
        for parameter in query.into_iter().flat_map(|query| query.split('&')).filter(|parameter| !parameter.is_empty())
        {
            mode = match parameter {
                "mode=ro" => Some("ro"),
                "mode=rw" => Some("rw"),
                "mode=rwc" => Some("rwc"),
                "mode=memory" => return Self::in_memory(),
                _ => {
                    return wrong(
                        "the URL has a parameter that is not known",
                        "only mode=ro, mode=rw, mode=rwc, layout and table are",
                    );
                }
            };
        }
        match path.as_str() {
            ":memory:" => Self::in_memory(),
            "" => wrong("the URL names no file", shape),
            path if path.contains('\0') => wrong("the path in the URL holds a NUL character", shape),
            _ => Ok(Self { path, mode }),
        }
    }

    /// With a pool each connection would have a database of its own, and settings would come and go with connections.
    fn in_memory() -> Result<Self> {
        Err(Error::new(ErrorKind::Configuration)
            .with_detail("a database in memory is not shared between connections")
            .with_hint("use constance-memory, or a file"))
    }

    /// The file of an open connection.
    pub(crate) fn at(path: &str) -> Self {
        Self { path: path.to_owned(), mode: None }
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        Path::new(&self.path)
    }

    /// The folder that the file is in.
    pub(crate) fn folder(&self) -> PathBuf {
        match self.path().parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        }
    }

    /// What diesel is given. Unless the URL says otherwise, only migrating creates a file: a read of a store that is not
    /// there must not leave an empty one behind.
    pub(crate) fn uri(&self, purpose: Purpose) -> String {
        let mode = match (self.mode, purpose) {
            (Some("ro"), _) => "ro",
            (_, Purpose::Migrate) => "rwc",
            (_, Purpose::Watch) => "rw",
            (mode, Purpose::Serve) => mode.unwrap_or("rw"),
        };
        let mut uri = String::from("file:");
        // Two slashes at the beginning would be taken for a host.
        let path = if self.path.starts_with("//") { self.path.trim_start_matches('/') } else { &self.path };
        if path.len() < self.path.len() {
            uri.push('/');
        }
        for byte in path.bytes() {
            match byte {
                b'%' | b'?' | b'#' => uri.push_str(&format!("%{byte:02X}")),
                _ if byte.is_ascii() => uri.push(char::from(byte)),
                _ => uri.push_str(&format!("%{byte:02X}")),
            }
        }
        uri + "?mode=" + mode
    }

    /// Whether the file says that it has a write-ahead log beside it.
    pub(crate) fn has_log(&self) -> bool {
        let mut head = [0; 20];
        let read = std::fs::File::open(self.path()).and_then(|mut file| file.read_exact(&mut head));
        // The versions of the format that writing and reading take.
        read.is_ok() && head[18..] == [2, 2]
    }

    /// Whether a connection for this makes the file where there is none.
    pub(crate) fn creates(&self, purpose: Purpose) -> bool {
        self.uri(purpose).ends_with("mode=rwc")
    }

    /// Makes an empty file, which is an empty database, with these permissions. What SQLite makes beside it has the same.
    ///
    /// Where it cannot be made, SQLite says so in a moment.
    #[cfg(unix)]
    pub(crate) fn create(&self, mode: u32) {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

        let missing = std::fs::metadata(self.path()).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        if !missing {
            return;
        }
        // Never more than asked for, not even for a moment; then as much, whatever the umask.
        let file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(mode).open(self.path());
        if let Ok(file) = file {
            let _ = file.set_permissions(std::fs::Permissions::from_mode(mode));
        }
    }

    /// Leaves it to SQLite.
    #[cfg(not(unix))]
    pub(crate) fn create(&self, _: u32) {}

    /// Which file is there now, if one is and the system can tell.
    #[cfg(unix)]
    pub(crate) fn file_id(&self) -> Option<FileId> {
        use std::os::unix::fs::MetadataExt;

        let metadata = std::fs::metadata(self.path()).ok()?;
        Some(FileId(metadata.dev(), metadata.ino()))
    }

    /// Which file is there now, if one is and the system can tell.
    #[cfg(not(unix))]
    pub(crate) fn file_id(&self) -> Option<FileId> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_mean_what_they_mean_to_diesel_and_sqlx() -> Result<()> {
        for (url, path, uri) in [
            ("sqlite:///a/b.db", "/a/b.db", "file:/a/b.db?mode=rw"),
            ("sqlite://b.db", "b.db", "file:b.db?mode=rw"),
            ("sqlite:b.db", "b.db", "file:b.db?mode=rw"),
            ("sqlite://a/b.db?mode=rwc", "a/b.db", "file:a/b.db?mode=rwc"),
            ("sqlite:///a%20b%23%25.db?mode=ro", "/a b#%.db", "file:/a b%23%25.db?mode=ro"),
            ("sqlite:////a.db", "//a.db", "file:/a.db?mode=rw"),
        ] {
            let place = Place::parse(url)?;
            assert_eq!((place.path().to_str(), place.uri(Purpose::Serve).as_str()), (Some(path), uri), "{url}");
        }
        assert_eq!(Place::parse("sqlite://b.db")?.uri(Purpose::Migrate), "file:b.db?mode=rwc");
        assert_eq!(Place::parse("sqlite://b.db?mode=ro")?.uri(Purpose::Migrate), "file:b.db?mode=ro");
        Ok(())
    }

    #[test]
    fn refused_urls_say_why() {
        for (url, words) in [
            ("sqlite::memory:", "constance-memory"),
            ("sqlite://:memory:", "constance-memory"),
            ("sqlite://x?mode=memory", "constance-memory"),
            ("sqlite://", "names no file"),
            ("sqlite://a?cache=shared", "parameter"),
            ("sqlite://a#b", "fragment"),
            ("sqlite://a%zz", "percent"),
            ("sqlite://a%00b", "NUL"),
            ("postgres://u:hunter2@h/d", "not one of SQLite"),
        ] {
            let error = Place::parse(url).map(drop).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{error}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
