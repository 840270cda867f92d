//! A locale other than `C`, made where the machine has none: a server's messages follow it.

use std::path::{Path, PathBuf};
use std::process::Command;

use constance_testserver::{PostgresServer, temporary_folder};

use crate::command::Cmd;
use crate::error::Result;

pub(super) const NAME: &str = "de_DE.UTF-8";

/// The source of the locale, where the package of them is installed.
const SOURCE: &str = "/usr/share/i18n/locales/de_DE";

/// A locale.
#[derive(Debug)]
pub(super) struct Locale {
    /// Where the C library looks for it, if not where it always looks.
    pub(super) folder: Option<PathBuf>,
}

/// A locale of this machine, or one made in a temporary folder; `None` where it can neither be found nor made.
pub(super) fn find() -> Result<Option<Locale>> {
    if installed() {
        return Ok(Some(Locale { folder: None }));
    }
    if !Path::new(SOURCE).is_file() {
        return Ok(None);
    }
    let folder = temporary_folder(Some(PostgresServer::USER))?;
    // The server can read what everybody can.
    let make = Cmd::new("sh").args(["-c", "umask 022; exec localedef \"$@\"", "sh"]);
    let make = make.words("--no-archive -i de_DE -f UTF-8").args([folder.join(NAME).display().to_string()]);
    make.output(&folder)?;
    Ok(Some(Locale { folder: Some(folder) }))
}

fn installed() -> bool {
    let output = Command::new("locale").arg("-a").output();
    output.is_ok_and(|output| {
        // Listed as the system spells it: `de_DE.utf8`.
        let plain = |name: &str| name.to_lowercase().replace('-', "");
        String::from_utf8_lossy(&output.stdout).lines().any(|line| plain(line) == plain(NAME))
    })
}
