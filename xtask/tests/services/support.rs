//! `cargo xtask services` as its user sees it, in a temporary folder of each test's own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use constance_testserver::{find, skip, until};

const LIMIT: Duration = Duration::from_secs(60);

/// Whether a test can run: without these programs it is skipped, or fails where that is demanded.
pub(crate) fn have(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| find(program).is_none());
    if let Some(missing) = missing {
        skip(&format!("{missing} is not installed"));
    }
    missing.is_none()
}

/// Whether `env` can say what signals do to the program that it becomes. GNU's can.
static KNOWS_SIGNALS: LazyLock<bool> = LazyLock::new(|| {
    let asked = Command::new("env").args(["--default-signal=INT", "true"]).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
});

/// A folder in which xtask makes its own.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        // Short: unix sockets go below it.
        let name = format!("xt-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// xtask, which signals end: a process inherits which ones are ignored, and a script has some ignored by what it runs
    /// in the background.
    pub(crate) fn xtask(&self, line: &str) -> Command {
        if *KNOWS_SIGNALS { self.xtask_by(&["env", "--default-signal"], line) } else { self.xtask_by(&[], line) }
    }

    fn xtask_by(&self, before: &[&str], line: &str) -> Command {
        let mut words = before.iter().copied().chain([env!("CARGO_BIN_EXE_xtask")]).chain(line.split_whitespace());
        let mut command = Command::new(words.next().unwrap());
        command.args(words).env("TMPDIR", &self.0).stdout(Stdio::piped());
        command
    }

    /// What is left: files, and processes that work in the folder or were told of it, where the system shows them.
    pub(crate) fn left(&self) -> Vec<PathBuf> {
        let entries = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let processes = entries(Path::new("/proc")).filter(|process| {
            let text = |name: &str| fs::read(process.join(name)).unwrap_or_default();
            // With its end, since the name of another place may begin with this one's.
            let here = format!("{}/", self.0.display());
            // Others run with the folder in their environment only, such as the tests themselves.
            fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&self.0))
                || String::from_utf8_lossy(&text("cmdline")).contains(&here)
        });
        entries(&self.0).chain(processes).collect()
    }

    #[track_caller]
    pub(crate) fn wait_until_nothing_is_left(&self) {
        until("nothing is left", || Some(self.left()).filter(Vec::is_empty));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running `services up`.
pub(crate) struct Up {
    pub(crate) child: Child,
    pub(crate) variables: BTreeMap<String, String>,
    // Removed last.
    pub(crate) place: Place,
}

impl Up {
    pub(crate) fn start(kinds: &str) -> Self {
        let place = Place::new();
        let command = place.xtask(&format!("services up {kinds}"));
        Self::of(place, command)
    }

    /// The same, begun by somebody who ignores signals that a terminal sends. `None` where that cannot be had.
    pub(crate) fn start_deaf(kinds: &str) -> Option<Self> {
        if !*KNOWS_SIGNALS {
            return None;
        }
        let place = Place::new();
        let before = ["env", "--default-signal", "--ignore-signal=INT,HUP"];
        let command = place.xtask_by(&before, &format!("services up {kinds}"));
        Some(Self::of(place, command))
    }

    fn of(place: Place, mut command: Command) -> Self {
        let child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut up = Self { child, variables: BTreeMap::new(), place };
        let mut out = BufReader::new(up.child.stdout.take().unwrap()).lines();
        let mut line = String::new();
        while !line.starts_with("They stop") {
            line = out.next().expect("xtask says when all is ready").unwrap();
            if let Some((name, value)) = line.trim().split_once('=') {
                // Quoted as a shell takes it.
                up.variables.insert(name.to_owned(), value.trim_matches('\'').to_owned());
            }
        }
        // Read on: a pipe that nobody reads would hold up whoever writes into it.
        thread::spawn(move || out.for_each(drop));
        up
    }

    pub(crate) fn hosts(&self, name: &str) -> Vec<String> {
        let (_, rest) = self.variables[name].split_once("://").unwrap();
        let hosts = rest.split('/').next().unwrap().rsplit('@').next().unwrap();
        hosts.split(',').map(str::to_owned).collect()
    }

    pub(crate) fn signal(&self, signal: &str) {
        kill(signal, &self.child.id().to_string());
    }

    #[track_caller]
    pub(crate) fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
        // Its servers have ended before it. The temporary folder is removed right after.
        self.place.wait_until_nothing_is_left();
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The shell's own `kill`: a bare Debian has no program of that name.
pub(crate) fn kill(signal: &str, process: &str) {
    let args = ["-c", "kill \"$1\" \"$2\"", "sh", signal, process];
    assert!(Command::new("sh").args(args).status().unwrap().success());
}

/// Sends lines to a server, and gives all that it answers.
pub(crate) fn ask(host: &str, lines: &[&str]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(text(lines).as_bytes())?;
    // It answers what it has read and then hangs up, so that the end is seen. A sentinel knows no `QUIT`.
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Lines as a server takes them from a person at a terminal.
pub(crate) fn text(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}
