//! A shell that runs a server, controls it, and ends it when the process that started it ends.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::error::{Result, StartError};
use crate::folder;
use crate::user::User;

/// A PostgreSQL is a process with children, which are killed and paused with it: those of a killed server would go on
/// for a while, those of a paused one answer. The first process comes first, so that it starts no others. The children of
/// a process can be read from `/proc` where nothing is installed that lists them.
///
/// It goes on where nobody reads its answers any more, and ends the server.
///
/// It has a copy of the pipe that keeps the temporary folder, which the server must not have.
const KEEPER: &str = r#"
trap '' HUP INT PIPE QUIT TERM
exec 9>&2 2>/dev/null
server=
children() { cat "/proc/$server/task/$server/children" || pgrep -P "$server"; }
dead() { ! kill -0 "$1" || grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }
stop() {
    kill -STOP "$@"
    # A thread goes on until it notices, and so does the process if its group is orphaned just now: then it gets a CONT.
    for one in "$@"; do
        while grep -hs '^State:' "/proc/$one"/task/*/status | grep -qv '[[:space:]][TtZX]'; do
            sleep 0.01
            kill -STOP "$one"
        done
    done
}
start() {
    rm -f pid ended server.log
    { "$@" </dev/null >server.log 2>&1 9>&- & echo $! >pid.new; mv pid.new pid; wait $!; : >ended; } &
    waiter=$!
    until test -e pid; do sleep 0.01; done
    server=$(cat pid)
}
end() {
    test -n "$server" || return
    stop "$server"
    all=$(children)
    kill -KILL "$server" $all
    wait "$waiter"
    # They hold the memory that the next server needs.
    for child in $all; do until dead "$child"; do sleep 0.01; done; done
    server=
}
while read -r word; do
    case "$word" in
        start) start "$@" ;;
        kill) end ;;
        pause) stop "$server"; stop $(children) ;;
        resume) kill -CONT $(children); kill -CONT "$server" ;;
    esac
    echo "$word"
done
end
# A PostgreSQL that was killed leaves a segment of shared memory, whose number is here.
memory=$(sed -n '7s/.* //p' data/postmaster.pid)
test -z "$memory" || ipcrm -m "$memory"
"#;

/// Whether a server takes connections.
pub(crate) type Ready = fn(&Running<'_>) -> bool;

/// A server that has been started.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) port: u16,
    /// The id of its process.
    pub(crate) process: String,
}

impl Running<'_> {
    /// Whether these words are in its log.
    pub(crate) fn says(&self, words: &str) -> bool {
        log(self.folder).contains(words)
    }
}

/// What a server has printed since its last start.
pub(crate) fn log(folder: &Path) -> String {
    String::from_utf8_lossy(&fs::read(folder.join("server.log")).unwrap_or_default()).into_owned()
}

/// How long a server may take to start. Long even for a busy machine; the end of its process is noticed at once.
const LIMIT: Duration = Duration::from_secs(120);

/// Between two looks at a server that starts.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
    /// One word at a time, each with its answer.
    pipes: Mutex<Pipes>,
}

#[derive(Debug)]
struct Pipes {
    shell: Child,
    answers: BufReader<ChildStdout>,
}

impl Keeper {
    /// A keeper of a server that does not run yet, in a folder that is removed at its end.
    pub(crate) fn new(server: &Command, folder: &Path, user: Option<User>) -> Result<Self> {
        let failed = |error: std::io::Error| StartError::system("cannot start `sh`", &error);
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(server.get_program()).args(server.get_args());
        // Messages in the language in which we look for them.
        command.current_dir(folder).env("LC_ALL", "C").env_remove("LANGUAGE");
        command.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(user) = user {
            user.run(&mut command);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(folder::input()?);
        // A group of its own: Ctrl-C is for us, and the server ends when we do.
        let mut shell = command.process_group(0).spawn().map_err(failed)?;
        let output = shell.stdout.take().ok_or_else(|| StartError::failed("`sh` has no output"))?;
        let pipes = Pipes { shell, answers: BufReader::new(output) };
        Ok(Self { folder: folder.to_owned(), pipes: Mutex::new(pipes) })
    }

    /// Starts the server and waits until it is ready. An error has its log.
    pub(crate) fn start(&self, ready: Ready, port: u16) -> std::result::Result<(), String> {
        self.tell("start");
        let end = Instant::now() + LIMIT;
        loop {
            let has_ended = self.folder.join("ended").exists();
            let process = fs::read_to_string(self.folder.join("pid")).unwrap_or_default().trim().to_owned();
            if ready(&Running { folder: &self.folder, port, process }) {
                return Ok(());
            }
            let is_late = Instant::now() > end;
            if has_ended || is_late {
                self.tell("kill");
                let late = if is_late { "it takes no connections in time\n" } else { "" };
                return Err(format!("{late}{}", log(&self.folder)));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Has it do something, and waits until it has.
    pub(crate) fn tell(&self, word: &str) {
        self.pipes.lock().expect("no panic while it was locked").tell(word);
    }
}

impl Pipes {
    fn tell(&mut self, word: &str) {
        let input = self.shell.stdin.as_mut().expect("an open pipe");
        writeln!(input, "{word}").expect("a keeper that listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer of the keeper");
        assert_eq!(answer.trim(), word, "the keeper has ended");
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let pipes = self.pipes.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        drop(pipes.shell.stdin.take());
        let _ = pipes.shell.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
