//! A program that prepares a server.

use std::path::Path;
use std::process::Command;

use crate::error::{Result, StartError};
use crate::user::User;

/// Runs a program to its end, in a folder and perhaps as another user. An error has the last lines that it printed.
pub(crate) fn run(mut command: Command, user: Option<User>, folder: &Path) -> Result<()> {
    const LINES: usize = 12;
    if let Some(user) = user {
        user.run(&mut command);
    }
    let program = command.get_program().display().to_string();
    let output = command.current_dir(folder).env("LC_ALL", "C").output();
    let output = output.map_err(|error| StartError::system(format!("cannot start `{program}`"), &error))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let lines: Vec<&str> = printed.lines().collect();
    let end = lines[lines.len().saturating_sub(LINES)..].join("\n");
    Err(StartError::failed(format!("`{program}` ended with {}: {end}", output.status)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_what_the_program_printed() {
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
