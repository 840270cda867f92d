//! A locale other than `C`, made on the spot where the machine has none: a server's messages follow it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Result;

use super::server::Server;

const NAME: &str = "de_DE.UTF-8";

/// The source of the locale, where the package of them is installed.
const SOURCE: &str = "/usr/share/i18n/locales/de_DE";

/// A locale.
#[derive(Debug)]
pub(super) struct Locale {
    pub(super) name: String,
    /// Where the C library looks for it, if not where it always looks.
    pub(super) folder: Option<PathBuf>,
}

/// A locale of this machine, or one made in `own`; `None` where it can neither be found nor made.
pub(super) fn find(server: &Server, own: &Path) -> Result<Option<Locale>> {
    if installed() {
        return Ok(Some(Locale { name: NAME.to_owned(), folder: None }));
    }
    if !Path::new(SOURCE).is_file() {
        return Ok(None);
    }
    let mut command = Command::new("localedef");
    command.args(["--no-archive", "-i", "de_DE", "-f", "UTF-8"]).arg(own.join(NAME));
    server.run(command)?;
    Ok(Some(Locale { name: NAME.to_owned(), folder: Some(own.to_owned()) }))
}

fn installed() -> bool {
    let output = Command::new("locale").arg("-a").output();
    output.is_ok_and(|output| {
        // Listed as the system spells it: `de_DE.utf8`.
        let plain = |name: &str| name.to_lowercase().replace('-', "");
        String::from_utf8_lossy(&output.stdout).lines().any(|line| plain(line) == plain(NAME))
    })
}
