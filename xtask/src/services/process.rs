//! A server as a process that cannot outlive us.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::error::{Error, Result};

use super::user::User;

/// The name of the log in a server's folder.
pub(super) const LOG: &str = "server.log";

/// Where the process id of a server is, in its folder.
const PID: &str = "server.pid";

/// Runs the server and ends as it ends. A second shell waits for the end of the input, which comes when we drop the
/// pipe or die of anything, `kill -9` included, and then ends the server: killed where it can be, since what it holds is
/// thrown away, and a server that is stopped or waits for a replica would take its time. One that has to clean up is
/// asked, and killed when that takes long. While it is asked, the first shell waits for the second, so that nothing is
/// left behind.
const GUARD: &str = r#"
signal=$1
patience=$2
shift 2
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
echo "$server" >server.pid
{
    read -r word <&3
    if [ "$signal" != KILL ]; then
        : >server.ending
        kill "-$signal" "$server"
        kill -CONT "$server"
        tries=0
        while kill -0 "$server" && [ "$tries" -lt "$patience" ]; do
            tries=$((tries + 1))
            sleep 0.05
        done
    fi
    kill -KILL "$server"
} 2>/dev/null &
guard=$!
exec 3<&-
wait "$server"
status=$?
[ -e server.ending ] || kill -KILL "$guard" 2>/dev/null
wait "$guard" 2>/dev/null
exit "$status"
"#;

/// How often a server that was asked to end is looked at, twenty times a second, before it is killed: long even on a busy
/// machine.
const PATIENCE: u32 = 600;

/// How a server is started.
#[derive(Debug)]
pub(super) struct Launch<'a> {
    program: &'a str,
    args: Vec<String>,
    env: Vec<(&'a str, String)>,
    user: Option<User>,
    end: &'static str,
    patience: u32,
}

impl<'a> Launch<'a> {
    pub(super) fn new(program: &'a str) -> Self {
        Self { program, args: Vec::new(), env: Vec::new(), user: None, end: "KILL", patience: PATIENCE }
    }

    pub(super) fn args<T: Into<String>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(super) fn env(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    /// Runs as this user, who must own the folder; as ourselves without one.
    pub(super) fn user(self, user: Option<User>) -> Self {
        Self { user, ..self }
    }

    /// Ends with this signal, not `KILL`.
    pub(super) fn ends_with(self, signal: &'static str) -> Self {
        Self { end: signal, ..self }
    }

    /// Starts it in `folder`, where it also logs.
    pub(super) fn start(self, folder: &Path) -> Result<Process> {
        let log = folder.join(LOG);
        let failed = |error: std::io::Error| Error::failed(format!("cannot start `{}`: {error}", self.program));
        let out = File::create(&log).map_err(failed)?;
        let err = out.try_clone().map_err(failed)?;
        let mut command = Command::new("sh");
        let patience = self.patience.to_string();
        command.args(["-c", GUARD, "sh", self.end, &patience, self.program]).args(&self.args).current_dir(folder);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(user) = self.user {
            user.run(&mut command);
        }
        // A group of its own: Ctrl-C is for us, and servers end when we do.
        command.stdin(Stdio::piped()).stdout(out).stderr(err).process_group(0);
        Ok(Process { shell: command.spawn().map_err(failed)?, log })
    }
}

/// A running server, killed on drop.
#[derive(Debug)]
pub(super) struct Process {
    shell: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program` in `folder`, where it also logs.
    pub(super) fn start(program: &str, args: &[&str], folder: &Path) -> Result<Self> {
        Launch::new(program).args(args.iter().copied()).start(folder)
    }

    /// The process of the server, once it runs.
    pub(super) fn id(&self) -> Option<String> {
        let text = fs::read_to_string(self.log.with_file_name(PID)).ok()?;
        // Without the end of the line it is still being written.
        text.strip_suffix('\n').map(str::to_owned)
    }

    /// An error if the server has ended, which no server should before it is told.
    pub(super) fn check(&mut self) -> Result<()> {
        match self.shell.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Error::failed(self.obituary(status))),
            Err(error) => Err(Error::failed(format!("cannot watch a server: {error}"))),
        }
    }

    fn obituary(&self, status: ExitStatus) -> String {
        format!("the server ended with {status}; its log is {}", self.log.display())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// The last lines of every log below `folder`, each with its name.
pub(super) fn tails(folder: &Path) -> String {
    const LINES: usize = 12;
    let Ok(entries) = fs::read_dir(folder) else { return String::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut text = String::new();
    for path in paths {
        if path.is_dir() {
            text.push_str(&tails(&path));
        } else if path.file_name().is_some_and(|name| name == LOG) {
            let log = fs::read(&path).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
            text.push_str(&format!("-- the end of {}\n", path.display()));
            for line in &lines[lines.len().saturating_sub(LINES)..] {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::time::Duration;

    use super::super::{folder::Folder, wait::until};
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    /// The shell's own `kill`: a bare Debian has no program of that name.
    fn kill(signal: &str, pid: &str) -> bool {
        Command::new("sh").args(["-c", "kill \"$1\" \"$2\" 2>/dev/null", "sh", signal, pid]).status().unwrap().success()
    }

    fn alive(pid: &str) -> bool {
        kill("-0", pid)
    }

    /// A server that says its process id and then does nothing for long.
    fn sleeper(folder: &Folder, before: &str) -> (Process, String) {
        let script = format!("{before}\necho $$ >pid.new; mv pid.new pid; exec sleep 600");
        let process = Process::start("sh", &["-c", &script], folder.path()).unwrap();
        let path = folder.path().join("pid");
        let pid = until("the pid", LIMIT, || Ok(fs::read_to_string(&path).ok())).unwrap();
        (process, pid.trim().to_owned())
    }

    #[test]
    fn a_server_ends_when_it_is_dropped() {
        let folder = Folder::new().unwrap();
        let (mut process, pid) = sleeper(&folder, "");
        process.check().unwrap();
        assert!(alive(&pid));
        drop(process);
        assert!(!alive(&pid));
    }

    #[test]
    fn a_server_that_wants_to_live_ends_too() {
        let folder = Folder::new().unwrap();
        let (process, pid) = sleeper(&folder, "trap '' TERM INT HUP");
        assert!(kill("-STOP", &pid));
        drop(process);
        assert!(!alive(&pid));
    }

    #[test]
    fn a_server_may_be_asked_to_end_and_is_killed_if_it_does_not() {
        for (trap, patience, cleaned) in
            [("trap 'touch cleaned; exit' TERM", PATIENCE, true), ("trap '' TERM", 1, false)]
        {
            let folder = Folder::new().unwrap();
            let script = format!("{trap}; echo ready; while :; do sleep 0.01; done");
            let launch = Launch { patience, ..Launch::new("sh").args(["-c", &script]).ends_with("TERM") };
            let process = launch.start(folder.path()).unwrap();
            until("a trap", LIMIT, || Ok(Some(()).filter(|()| tails(folder.path()).contains("ready")))).unwrap();
            let id = until("its id", LIMIT, || Ok(process.id())).unwrap();
            assert!(alive(&id));
            drop(process);
            assert!(!alive(&id));
            assert_eq!(folder.path().join("cleaned").exists(), cleaned);
        }
    }

    #[test]
    fn a_server_that_ends_by_itself_is_noticed_and_its_log_shown() {
        let folder = Folder::new().unwrap();
        let script = "seq 100; echo 'port is taken' >&2; exit 7";
        let mut process = Process::start("sh", &["-c", script], folder.path()).unwrap();
        let message = until("the end", LIMIT, || Ok(process.check().err())).unwrap().to_string();
        assert!(message.contains("exit status: 7") && message.contains(LOG), "{message}");
        let tail = tails(folder.path());
        assert!(tail.ends_with("99\n100\nport is taken\n") && !tail.contains("\n50\n"), "{tail}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named_in_the_log() {
        let folder = Folder::new().unwrap();
        let mut process = Process::start("no-such-server", &[], folder.path()).unwrap();
        until("the end", LIMIT, || Ok(process.check().err())).unwrap();
        assert!(tails(folder.path()).contains("no-such-server"), "{}", tails(folder.path()));
    }

    #[test]
    fn a_server_that_was_killed_is_an_obituary_with_the_signal() {
        let folder = Folder::new().unwrap();
        let process = Process::start("sleep", &["600"], folder.path()).unwrap();
        assert!(process.obituary(ExitStatus::from_raw(9)).contains("signal: 9"));
    }
}
