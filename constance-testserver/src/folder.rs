//! The temporary folder of this process. It is removed when the process ends, even by `kill -9`.

use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Result, StartError};
use crate::user::User;

/// Removes the folder at the end of its input. The programs that prepare a server may still write into it then: hence
/// again and again.
const REMOVER: &str = r#"
trap '' HUP INT QUIT TERM
cat >/dev/null
tries=0
until rm -rf -- "$1"; do
    tries=$((tries + 1))
    [ "$tries" -ge 600 ] && exit 1
    sleep 0.1
done
"#;

struct Root {
    path: PathBuf,
    /// The input of the remover. Each keeper has a copy of it, so that the folder outlives all servers.
    input: OwnedFd,
}

static ROOT: LazyLock<Result<Root>> = LazyLock::new(Root::new);

impl Root {
    fn new() -> Result<Self> {
        let path = create()?;
        let mut command = Command::new("sh");
        command.args(["-c", REMOVER, "remover"]).arg(&path).stdin(Stdio::piped());
        // A group of its own: Ctrl-C does not end it.
        command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut remover = command.spawn().map_err(|error| StartError::system("cannot start `sh`", &error))?;
        let input = remover.stdin.take().ok_or_else(|| StartError::failed("`sh` has no input"))?;
        Ok(Self { path, input: input.into() })
    }
}

fn create() -> Result<PathBuf> {
    let parent = std::env::temp_dir();
    for number in 0..=u16::MAX {
        // Short: the path of a unix socket in it may have 107 bytes. Every user can enter `/tmp`, but not always the
        // folder of cargo.
        let path = parent.join(format!("constance-{}-{number}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => {
                // The users of servers reach their own folders in it. Nobody else can list it.
                let opened = fs::set_permissions(&path, Permissions::from_mode(0o711));
                return match opened {
                    Ok(()) => Ok(path),
                    Err(error) => Err(StartError::system(format!("cannot open {}", path.display()), &error)),
                };
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(StartError::system(format!("cannot create a folder in {}", parent.display()), &error));
            }
        }
    }
    Err(StartError::failed(format!("{} is full of old folders: remove them", parent.display())))
}

/// A new private folder of this user, or of ourselves.
pub(crate) fn new(user: Option<User>) -> Result<PathBuf> {
    // No number is used twice.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let root = ROOT.as_ref().map_err(StartError::clone)?;
    let path = root.path.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
    let made = DirBuilder::new().mode(0o700).create(&path);
    made.map_err(|error| StartError::system(format!("cannot create {}", path.display()), &error))?;
    user.map_or(Ok(()), |user| user.own(&path))?;
    Ok(path)
}

/// A new private folder, which is removed when this process ends, even by `kill -9`. Where we are root, it belongs to the
/// user of this name, such as [`PostgresServer::USER`](crate::PostgresServer::USER).
///
/// # Errors
///
/// Where it cannot be made, or there is no such user.
pub fn temporary_folder(user: Option<&str>) -> Result<PathBuf> {
    new(user.map_or(Ok(None), User::instead_of_root)?)
}

/// Writes a file of this user, or of ourselves.
pub(crate) fn write(path: &Path, text: &str, user: Option<User>) -> Result<()> {
    fs::write(path, text).map_err(|error| StartError::system(format!("cannot write {}", path.display()), &error))?;
    user.map_or(Ok(()), |user| user.own(path))
}

/// Something that the temporary folder outlives, as long as it is open.
pub(crate) fn input() -> Result<OwnedFd> {
    let root = ROOT.as_ref().map_err(StartError::clone)?;
    root.input.try_clone().map_err(|error| StartError::system("cannot open a pipe", &error))
}
