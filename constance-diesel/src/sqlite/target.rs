//! Where an SQLite file is.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use constance_core::url::{UrlParameters, decode};
use constance_core::{Error, ErrorKind, Result, identity};

use crate::dialect::{ConnectTarget, FileId, Purpose};

/// The file that a URL names, and how it may be opened.
#[derive(Clone)]
pub struct Target {
    path: PathBuf,
    mode: Option<&'static str>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A path may tell more than a log should.
        let Self { path: _, mode } = self;
        f.debug_struct("Target").field("mode", mode).finish_non_exhaustive()
    }
}

impl ConnectTarget for Target {
    /// Reads `sqlite://relative/path` or `sqlite:///absolute/path`, with `?mode=ro`, `rw` or `rwc`.
    ///
    /// A relative path is one from the folder that is the working directory now, so that a change of that leads nowhere else.
    fn parse(url: &str) -> Result<Self> {
        let Some(rest) = url.strip_prefix("sqlite:") else {
            return wrong("the URL is not one of SQLite", SHAPE);
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if path.contains('#') {
            return wrong("the URL has a fragment", "write # in a file's name as %23");
        }
        if path.chars().any(char::is_control) {
            return wrong("the URL holds a control character", "write it as % and its two digits");
        }
        let Some(path) = decode(path) else {
            return wrong("the path in the URL is not percent-encoded UTF-8", "write % in a file's name as %25");
        };
        let mut parameters = UrlParameters::parse(query)?;
        let mode = match parameters.take("mode").as_deref() {
            None => None,
            Some("ro") => Some("ro"),
            Some("rw") => Some("rw"),
            Some("rwc") => Some("rwc"),
            Some("memory") => return in_memory(),
            Some(_) => return wrong("the parameter mode of the URL names none", "write mode=ro, mode=rw or mode=rwc"),
        };
        let path = path.as_str();
        let name = path.trim_start_matches('/');
        if name.strip_prefix("file:").unwrap_or(name) == ":memory:" {
            return in_memory();
        }
        parameters.finish(&["mode", "layout", "table", "call_timeout"])?;
        match path {
            "" => wrong("the URL names no file", SHAPE),
            path if path.contains('\0') => wrong("the path in the URL holds a NUL character", SHAPE),
            path if path.ends_with('/') => wrong("the URL names a folder and no file", SHAPE),
            path if path.starts_with("file:") => wrong("the URL holds a URI of SQLite's own", SHAPE),
            path => match std::path::absolute(path) {
                Ok(path) => Ok(Self { path, mode }),
                Err(_) => wrong("the working directory of the process is not known", "write an absolute path"),
            },
        }
    }

    fn location(&self) -> Option<String> {
        Some(self.path().display().to_string())
    }

    fn identity(&self) -> Option<String> {
        identity::of_path(self.path())
    }

    #[cfg(unix)]
    fn file_id(&self) -> Option<FileId> {
        use std::os::unix::fs::MetadataExt;

        let metadata = std::fs::metadata(self.path()).ok()?;
        Some(FileId(metadata.dev(), metadata.ino()))
    }
}

impl Target {
    /// The file of an open connection.
    pub(crate) fn at(path: &str) -> Self {
        Self { path: PathBuf::from(path), mode: None }
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
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
        let mut path = self.path.as_os_str().as_encoded_bytes();
        while let [b'/', rest @ ..] = path
            && rest.first() == Some(&b'/')
        {
            path = rest;
        }
        for byte in path {
            match byte {
                b'%' | b'?' | b'#' => uri.push_str(&format!("%{byte:02X}")),
                _ if byte.is_ascii() => uri.push(char::from(*byte)),
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
}

const SHAPE: &str = "write sqlite:///absolute/path or sqlite://relative/path";

fn wrong<T>(detail: &'static str, hint: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint))
}

/// With a pool each connection would have a database of its own, and settings would come and go with connections.
fn in_memory<T>() -> Result<T> {
    wrong("a database in memory is not shared between connections", "use constance-memory, or a file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_mean_what_they_mean_to_diesel_and_sqlx() -> Result<()> {
        for (url, path, uri) in [
            ("sqlite:///a/b.db", "/a/b.db", "file:/a/b.db?mode=rw"),
            ("sqlite:/a/b.db?mode=rwc", "/a/b.db", "file:/a/b.db?mode=rwc"),
            ("sqlite:///a%20b%23%25.db?mode=ro", "/a b#%.db", "file:/a b%23%25.db?mode=ro"),
            ("sqlite:///a b.db", "/a b.db", "file:/a b.db?mode=rw"),
            ("sqlite:////a.db", "//a.db", "file:/a.db?mode=rw"),
        ] {
            let target = Target::parse(url)?;
            assert_eq!((target.path().to_str(), target.uri(Purpose::Serve).as_str()), (Some(path), uri), "{url}");
        }
        assert_eq!(Target::parse("sqlite:///b.db")?.uri(Purpose::Migrate), "file:/b.db?mode=rwc");
        assert_eq!(Target::parse("sqlite:///b.db?mode=ro")?.uri(Purpose::Migrate), "file:/b.db?mode=ro");
        Ok(())
    }

    #[test]
    fn a_relative_path_is_made_absolute() -> Result<()> {
        let here = std::env::current_dir().expect("a working directory");
        for (url, path) in [
            ("sqlite://b.db", "b.db"),
            ("sqlite:b.db", "b.db"),
            ("sqlite://./a/b.db?mode=ro", "a/b.db"),
            ("sqlite:../b.db", "../b.db"),
        ] {
            assert_eq!(Target::parse(url)?.path(), here.join(path), "{url}");
        }
        Ok(())
    }

    #[test]
    fn refused_urls_say_why() {
        for (url, words) in [
            ("sqlite::memory:", "constance-memory"),
            ("sqlite://:memory:", "constance-memory"),
            ("sqlite:///:memory:", "constance-memory"),
            ("sqlite:////:memory:?mode=rwc", "constance-memory"),
            ("sqlite:///%3Amemory%3A", "constance-memory"),
            ("sqlite://file::memory:?cache=shared", "constance-memory"),
            ("sqlite://x?mode=memory", "constance-memory"),
            ("sqlite://x?mode=memory&cache=shared", "constance-memory"),
            ("sqlite://", "names no file"),
            ("sqlite:", "names no file"),
            ("sqlite:///var/lib/", "a folder"),
            ("sqlite:///", "a folder"),
            ("sqlite://file:/a.db", "a URI of SQLite's own"),
            ("sqlite://a?cache=shared", "the parameter cache, which is not known"),
            ("sqlite://a?mode=ro&mode=rw", "twice"),
            ("sqlite://a?mode=rx", "write mode=ro"),
            ("sqlite://a?mode", "no value"),
            ("sqlite://a#b", "fragment"),
            ("sqlite://a%zz", "percent"),
            ("sqlite://a%00b", "NUL"),
            ("sqlite://a\nb", "control character"),
            ("postgres://u:hunter2@h/d", "not one of SQLite"),
        ] {
            let error = Target::parse(url).map(drop).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{url}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
