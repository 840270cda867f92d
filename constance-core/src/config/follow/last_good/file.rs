//! Reading and replacing the file of the last good values.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::format::{Contents, Owner};
use crate::{Action, Error, ErrorKind, Result, identity};

/// The longest file that is read or written: what is read takes its length in memory.
const MAX_LEN: usize = 64 << 20;

/// When a file of a process that ended in the middle of a replacement is removed.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// The contents of the file, if there is one. They may be another's.
pub(super) fn read(path: &Path) -> Result<Option<Contents>> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata.map_err(|e| refused(path, Action::Read, &e))?,
    };
    // A pipe would be waited for, and another kind of file is not to be replaced.
    if !metadata.is_file() {
        return Err(unfit(path, Action::Read, ErrorKind::Configuration, "is not a file".to_owned()));
    }
    let mut bytes = Vec::new();
    // Whatever length is said.
    let most = u64::try_from(MAX_LEN).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|e| refused(path, Action::Read, &e))?;
    let contents = if bytes.len() > MAX_LEN { Err("is too long") } else { Contents::from_bytes(&bytes) };
    contents.map(Some).map_err(|words| unfit(path, Action::Read, ErrorKind::Decode, words.to_owned()))
}

/// Refuses contents that are another's.
pub(super) fn check_owner(path: &Path, contents: &Contents, owner: &Owner) -> Result<()> {
    let Owner { codec, prefix, backend, store } = &contents.owner;
    let other = if *codec != owner.codec {
        format!("codec, {codec}")
    } else if *prefix != owner.prefix {
        format!("prefix, {prefix:?}")
    } else if *backend != owner.backend || *store != owner.store {
        format!("store, {}", store.as_ref().unwrap_or(backend))
    } else {
        return Ok(());
    };
    let error = unfit(path, Action::Read, ErrorKind::Configuration, format!("is of another {other}"));
    Err(error.with_hint("give each program a file of its own, or remove this one"))
}

/// Replaces the file as a whole, unless it says the same already or is another's.
pub(super) fn replace(path: &Path, contents: &Contents) -> Result<()> {
    match read(path) {
        Ok(Some(found)) => {
            check_owner(path, &found, &contents.owner)?;
            if found.says_the_same(contents) {
                return Ok(());
            }
        }
        Ok(None) => {}
        // Damaged: as none.
        Err(error) if error.kind() == ErrorKind::Decode => {}
        Err(error) => return Err(error),
    }
    let bytes = contents.to_bytes()?;
    if bytes.len() > MAX_LEN {
        let words = format!("would be {} bytes long, and at most {MAX_LEN} are possible", bytes.len());
        return Err(unfit(path, Action::Write, ErrorKind::Invalid, words));
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(unfit(path, Action::Write, ErrorKind::Configuration, "is not a file".to_owned()));
    };
    remove_what_was_left_behind(folder, name);
    let beside = folder.join(name_beside(name, &identity::unique()));
    put(&beside, path, &bytes).map_err(|error| refused(path, Action::Write, &error))
}

/// Writes the file beside its place, and moves it there.
fn put(beside: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let put = create(beside).and_then(|file| fill(file, bytes)).and_then(|()| fs::rename(beside, path));
    if put.is_err() {
        let _ = fs::remove_file(beside);
    }
    put
}

/// A new file that its owner alone may read.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    // Before it gets its name: else there may be a name without contents after a power failure.
    file.sync_all()
}

/// Each replacement has a name of its own, so that two processes never write into one file.
fn name_beside(name: &OsStr, unique: &str) -> PathBuf {
    let mut beside = OsStr::new(".").to_owned();
    beside.push(name);
    beside.push(".");
    beside.push(unique);
    beside.push(".tmp");
    beside.into()
}

/// Else a service that is killed again and again would fill its folder.
fn remove_what_was_left_behind(folder: &Path, name: &OsStr) {
    let pattern = name_beside(name, "*");
    let Some((begin, end)) = pattern.to_str().and_then(|pattern| pattern.split_once('*')) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours =
            name.to_str().and_then(|name| name.strip_prefix(begin)?.strip_suffix(end)).is_some_and(|unique| {
                unique.len() == identity::unique().len() && unique.bytes().all(|b| b.is_ascii_hexdigit())
            });
        let age = || SystemTime::now().duration_since(entry.metadata().ok()?.modified().ok()?).ok();
        if is_ours && age().is_some_and(|age| age > LEFT_BEHIND) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The system has refused something.
#[cold]
fn refused(path: &Path, action: Action, error: &io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied => ErrorKind::Denied,
        _ => ErrorKind::Unavailable,
    };
    let verb = if action == Action::Write { "written" } else { "read" };
    unfit(path, action, kind, format!("cannot be {verb}: {}", error.kind()))
}

/// What is wrong with the file, in words that stand by themselves: they may follow what is wrong with the store.
#[cold]
pub(super) fn unfit(path: &Path, action: Action, kind: ErrorKind, words: String) -> Error {
    Error::new(kind).with_action(action).with_detail(format!("the last good file {} {words}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::format::{Entry, Raw};
    use super::*;
    use crate::backend::Encoded;

    fn contents() -> Contents {
        let owner = Owner { codec: "c".into(), prefix: "p:".into(), backend: "b".into(), store: None };
        Contents { owner, entries: Vec::new() }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said() {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let error = fill(full, b"bytes").expect_err("no room");
        let error = refused(Path::new("/a/last-good"), Action::Write, &error);
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(
            error.to_string(),
            "cannot write settings: the last good file /a/last-good cannot be written: no storage space"
        );
    }

    #[test]
    fn what_was_left_behind_long_ago_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("last-good");
        let put = |name: &Path, old: bool| {
            let file = File::create(folder.path().join(name)).expect("a file");
            let modified = SystemTime::now() - if old { 2 * LEFT_BEHIND } else { Duration::ZERO };
            file.set_modified(modified).expect("a time");
        };
        let beside = |unique: &str| name_beside(OsStr::new("last-good"), unique);
        let stays =
            [beside("0123456789abcde"), beside("0123456789abcdeg"), name_beside(OsStr::new("other"), &"0".repeat(16))];
        stays.iter().for_each(|name| put(name, true));
        put(&beside("00000000000000aa"), false);
        put(&beside("0123456789abcdef"), true);
        replace(&path, &contents()).expect("a file");
        assert!(stays.iter().all(|name| folder.path().join(name).exists()));
        assert!(folder.path().join(beside("00000000000000aa")).exists(), "somebody may be at it");
        assert!(!folder.path().join(beside("0123456789abcdef")).exists());
    }

    #[test]
    fn what_is_no_file_is_neither_read_nor_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path(), Path::new("/dev/null")].into_iter().filter(|path| path.exists()) {
            assert_eq!(read(path).expect_err("no file").kind(), ErrorKind::Configuration);
            assert_eq!(replace(path, &contents()).expect_err("no file").kind(), ErrorKind::Configuration);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_replacement_that_fails_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (beside, place) = (folder.path().join("beside"), folder.path().join("place"));
        fs::create_dir(&place).expect("a folder");
        assert!(put(&beside, &place, b"bytes").is_err(), "a folder is there");
        assert!(!beside.exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_says_the_same_stays_and_so_does_what_is_anothers() {
        use std::os::unix::fs::MetadataExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("last-good");
        let entry =
            |read_at, stored: &[u8]| Entry { key: "p:a".into(), read_at, stored: Some(Raw(Encoded::from(stored))) };
        let with = |entry| Contents { entries: vec![entry], ..contents() };
        replace(&path, &with(entry(1, b"a"))).expect("a file");
        let first = fs::metadata(&path).expect("a file").ino();
        replace(&path, &with(entry(2, b"a"))).expect("the same");
        assert_eq!(fs::metadata(&path).expect("a file").ino(), first, "the time alone is no reason");
        let owner = contents().owner;
        for other in [
            Owner { codec: "x".into(), ..owner.clone() },
            Owner { prefix: "x:".into(), ..owner.clone() },
            Owner { backend: "x".into(), ..owner.clone() },
            Owner { store: Some("x".into()), ..owner },
        ] {
            let other = Contents { owner: other, ..with(entry(3, b"b")) };
            assert_eq!(replace(&path, &other).expect_err("not its own").kind(), ErrorKind::Configuration);
        }
        assert_eq!(read(&path).expect("a file"), Some(with(entry(1, b"a"))));
        replace(&path, &with(entry(2, b"b"))).expect("a file");
        assert_eq!(read(&path).expect("a file"), Some(with(entry(2, b"b"))));
    }
}
