//! A shell that runs a server, does to it what it is told, and ends it with whoever holds the other end of its input.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crate::user::User;

/// A PostgreSQL is a process with children, which are killed and paused with it: those of a killed server would go on
/// for a while, those of a paused one answer. The first process comes first, so that it starts no others. The children of
/// a process can be read from `/proc` where nothing is installed that lists them.
///
/// What ends a whole group of processes must not end the keeper first: a server ignores some of it.
const KEEPER: &str = r#"
trap '' HUP INT QUIT TERM
folder="$1"; shift
server=
children() { cat "/proc/$server/task/$server/children" 2>/dev/null || pgrep -P "$server" 2>/dev/null; }
dead() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }
stop() {
    kill -STOP "$@" 2>/dev/null
    # A thread goes on until it notices.
    for one in "$@"; do
        while grep -hs '^State:' "/proc/$one"/task/*/status | grep -qv '[[:space:]][TtZX]'; do sleep 0.01; done
    done
}
start() {
    rm -f "$folder/pid"
    { "$@" </dev/null 2>&1 & echo $! >"$folder/pid.new"; mv "$folder/pid.new" "$folder/pid"; wait $!; echo "keeper: ended"; } &
    waiter=$!
    until test -e "$folder/pid"; do sleep 0.01; done
    server=$(cat "$folder/pid")
}
end() {
    test -n "$server" || return
    stop "$server"
    all=$(children)
    kill -KILL "$server" $all 2>/dev/null
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
        resume) kill -CONT $(children) 2>/dev/null; kill -CONT "$server" ;;
    esac
    # The server may have been killed in the middle of a line.
    echo; echo "keeper: did $word"
done
end
# A PostgreSQL that was killed leaves a segment of shared memory, and says here which.
memory=$(sed -n '7s/.* //p' "$folder/data/postmaster.pid" 2>/dev/null)
test -z "$memory" || ipcrm -m "$memory" 2>/dev/null
rm -rf "$folder"
"#;

/// How a server shows that it takes connections.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ready {
    /// It has these words in its log.
    Says(&'static str),
    /// It answers on this port, as the process of this id.
    Answers(fn(port: u16, process: &str) -> bool),
}

/// How long a server that says nothing is left alone before it is asked again.
const REST: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
    /// One word at a time: the answer to it is looked for among what the server says.
    pipes: Mutex<Pipes>,
}

#[derive(Debug)]
struct Pipes {
    shell: Child,
    lines: Receiver<String>,
}

impl Keeper {
    /// A keeper of a server that does not run yet, in a folder that it removes at its end.
    pub(crate) fn new(server: &Command, folder: &Path, user: Option<User>) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(folder).arg(server.get_program()).args(server.get_args());
        // Messages in the language in which we look for them.
        command.current_dir(folder).env("LC_ALL", "C").env_remove("LANGUAGE");
        if let Some(user) = user {
            user.run(&mut command);
        }
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = pipes.spawn().expect("a shell");
        let lines = drain(&mut shell);
        Self { folder: folder.to_owned(), pipes: Mutex::new(Pipes { shell, lines }) }
    }

    /// Starts the server and waits until it is ready; its log where it does not get so far.
    pub(crate) fn start(&self, ready: Ready, port: u16) -> Result<(), String> {
        let mut pipes = self.pipes.lock().expect("nobody panicked");
        // Not told like anything else: the server may be ready before the keeper says that it did what it was told.
        pipes.send("start");
        let mut log = String::new();
        loop {
            match (ready, pipes.lines.recv_timeout(REST)) {
                (Ready::Says(words), Ok(line)) if line.contains(words) => return Ok(()),
                (_, Ok(line)) if line == "keeper: ended" => {
                    pipes.tell("kill");
                    return Err(log);
                }
                (_, Ok(line)) => {
                    log.push_str(&line);
                    log.push('\n');
                }
                (Ready::Answers(answers), Err(RecvTimeoutError::Timeout)) => {
                    if self.process().is_some_and(|process| answers(port, &process)) {
                        return Ok(());
                    }
                }
                (Ready::Says(_), Err(RecvTimeoutError::Timeout)) => {}
                (_, Err(RecvTimeoutError::Disconnected)) => panic!("the keeper ended:\n{log}"),
            }
        }
    }

    /// Has it do something, and waits until it did.
    pub(crate) fn tell(&self, word: &str) {
        self.pipes.lock().expect("nobody panicked").tell(word);
    }

    /// The process of the server.
    fn process(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join("pid")).ok()?;
        text.strip_suffix('\n').map(str::to_owned)
    }
}

impl Pipes {
    fn tell(&mut self, word: &str) {
        self.send(word);
        let done = format!("keeper: did {word}");
        assert!(self.lines.iter().any(|line| line == done), "the keeper ended");
    }

    fn send(&mut self, word: &str) {
        let input = self.shell.stdin.as_mut().expect("an open pipe");
        writeln!(input, "{word}").expect("a keeper that listens");
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Reads all that the server says, so that it is never held up by it.
fn drain(shell: &mut Child) -> Receiver<String> {
    let output = BufReader::new(shell.stdout.take().expect("piped"));
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        // A log may hold anything; and nobody may listen any more.
        for line in output.split(b'\n').map_while(Result::ok) {
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    lines
}
