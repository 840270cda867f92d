//! A shell that runs a server, does to it what it is told, and ends it with whoever holds the other end of its input.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use super::user::User;

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

pub(super) struct Keeper {
    shell: Child,
    lines: Receiver<String>,
}

impl Keeper {
    /// A keeper of a server that does not run yet, in a folder that it removes at its end.
    pub(super) fn new(server: &Command, folder: &Path, user: Option<User>) -> Self {
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
        Self { shell, lines }
    }

    /// Starts the server and waits until it says that it is ready; its log where it does not.
    pub(super) fn start(&mut self, ready: &str) -> Result<(), String> {
        // Not told like anything else: the server may be ready before the keeper says that it did what it was told.
        self.send("start");
        let mut log = String::new();
        for line in self.lines.iter() {
            if line.contains(ready) {
                return Ok(());
            }
            if line == "keeper: ended" {
                self.tell("kill");
                return Err(log);
            }
            log.push_str(&line);
            log.push('\n');
        }
        panic!("the keeper ended:\n{log}");
    }

    /// Has it do something, and waits until it did.
    pub(super) fn tell(&mut self, word: &str) {
        self.send(word);
        let done = format!("keeper: did {word}");
        assert!(self.lines.iter().any(|line| line == done), "the keeper ended");
    }

    fn send(&mut self, word: &str) {
        let input = self.shell.stdin.as_mut().expect("an open pipe");
        writeln!(input, "{word}").expect("a keeper that listens");
    }
}

impl Drop for Keeper {
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
