//! A program that prepares a server: runs to its end, quietly, perhaps as another user.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

use super::user::User;

/// Runs `command` in `folder`; an error carries the end of what it said.
pub(super) fn run(mut command: Command, user: Option<User>, folder: &Path) -> Result<()> {
    const LINES: usize = 12;
    if let Some(user) = user {
        user.run(&mut command);
    }
    let program = command.get_program().display().to_string();
    let output = command.current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::failed(format!("cannot start `{program}`: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let lines: Vec<&str> = said.lines().collect();
    let end = lines[lines.len().saturating_sub(LINES)..].join("\n");
    Err(Error::failed(format!("`{program}` ended with {}: {end}", output.status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_the_program_said() {
        let sh = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            run(command, None, Path::new("."))
        };
        assert!(sh("echo fine").is_ok());
        let message = sh("seq 50; echo broken >&2; exit 3").unwrap_err().to_string();
        assert!(message.starts_with("`sh` ended with exit status: 3: 40\n"), "{message}");
        assert!(message.ends_with("\n50\nbroken"), "{message}");
    }
}
