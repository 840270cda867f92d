//! A Redis server of the tests' own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};

use constance_redis::redis::{Client, Connection};
use tempfile::TempDir;

/// Whether there is a `redis-server` to start. If not, what needs one says so and is skipped.
pub static INSTALLED: LazyLock<bool> = LazyLock::new(|| {
    let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
});

/// Starts the server, says its process, and ends it with whoever holds the other end of the input. A server that is paused
/// hears nothing but KILL. What ends a whole group of processes must not end the keeper first: a server ignores some of it.
pub(super) const KEEPER: &str = r#"
trap '' HUP INT TERM
folder="$1"; shift
redis-server "$@" &
echo "process $!"
read -r remove
kill -KILL $! 2> /dev/null
wait $! 2> /dev/null
test "$remove" = keep || rm -rf "$folder"
"#;

/// A server on a free port with a folder of its own. It ends with this value, or with the test program.
pub struct Server {
    pub port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    running: Option<Running>,
}

struct Running {
    keeper: Child,
    process: String,
}

impl Server {
    /// A plain server, or `None` (and a word about it) where none is installed.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// A server with further arguments, in which `{port}` and `{folder}` stand for its own, and `{other}` for a
    /// free port.
    pub fn with(arguments: &[&str]) -> Option<Self> {
        if !*INSTALLED {
            assert!(
                std::env::var_os("CONSTANCE_REQUIRE_SERVICES").is_none_or(|v| v != "1"),
                "redis-server is not installed, and CONSTANCE_REQUIRE_SERVICES asks for it"
            );
            eprintln!("skipped: redis-server is not installed");
            return None;
        }
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder").keep();
        // Between finding a free port and using it, somebody else may take it.
        for _ in 0..5 {
            let (port, other) = (free_port(), free_port());
            let own = |argument: &&str| {
                let argument = argument.replace("{port}", &port.to_string()).replace("{other}", &other.to_string());
                argument.replace("{folder}", &folder.display().to_string())
            };
            let arguments = arguments.iter().map(own).collect();
            let mut server = Self { port, folder: folder.clone(), arguments, running: None };
            if server.run() {
                return Some(server);
            }
        }
        panic!("redis-server does not start");
    }

    /// Starts it again after [`kill`](Self::kill), on the same port, empty.
    pub fn restart(&mut self) {
        assert!(self.run(), "the server does not start again");
    }

    fn run(&mut self) -> bool {
        let folder = self.folder.display().to_string();
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper", &folder, "--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--dir", &folder]).args(&self.arguments);
        let mut keeper =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a shell");
        let lines = drain(&mut keeper);
        let (mut running, mut ready) = (None, false);
        for line in lines {
            if let Some(process) = line.strip_prefix("process ") {
                running = Some(process.to_owned());
            }
            ready |= line.contains("Ready to accept connections");
            // On a busy machine the server may be faster than its keeper.
            if ready && running.is_some() {
                break;
            }
            if line.contains("Failed") || line.contains("FATAL") || line.contains("exiting now") {
                end(&mut keeper, "keep");
                return false;
            }
        }
        let process = running.expect("the keeper names the process");
        self.running = Some(Running { keeper, process });
        true
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            end(&mut running.keeper, "keep");
        }
    }

    /// Stops it in its tracks; connections stay open, and nothing answers.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let running = self.running.as_ref().expect("a running server");
        // The shell's own: a bare Debian has no program of that name.
        let args = ["-c", "kill \"$1\" \"$2\"", "sh", signal, &running.process];
        assert!(Command::new("sh").args(args).status().expect("a shell").success());
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A connection past the backend, as the administrator.
    pub fn raw(&self) -> Connection {
        #[cfg(any(feature = "tls-rustls", feature = "tls-native-tls"))]
        if self.arguments.iter().any(|argument| argument == "--tls-port") {
            return super::certificates::raw(self.port);
        }
        raw(&self.url())
    }
}

pub fn raw(url: &str) -> Connection {
    let client = Client::open(url).expect("a valid URL");
    // A server that becomes a replica cuts connections off, also those that are being made.
    for _ in 0..20 {
        if let Ok(connection) = client.get_connection() {
            return connection;
        }
    }
    client.get_connection().expect("a connection")
}

/// A port that nobody listens on. Not one of those that the system gives to outgoing connections: while a server is down,
/// one of them would take it.
pub fn free_port() -> u16 {
    const PORTS: Range<u16> = 10_000..32_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Each test program begins somewhere else.
    let start = std::process::id().wrapping_mul(97);
    for _ in PORTS {
        let offset = start.wrapping_add(u32::from(NEXT.fetch_add(1, Ordering::Relaxed)));
        let offset = u16::try_from(offset % u32::from(PORTS.end - PORTS.start)).expect("less than the number of ports");
        if TcpListener::bind(("127.0.0.1", PORTS.start + offset)).is_ok() {
            return PORTS.start + offset;
        }
    }
    panic!("no port is free");
}

/// Reads all that the server says, so that it is never held up by it.
pub(super) fn drain(keeper: &mut Child) -> Receiver<String> {
    let output = BufReader::new(keeper.stdout.take().expect("piped"));
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            // Nobody listens any more once it is ready.
            let _ = sender.send(line);
        }
    });
    lines
}

pub(super) fn end(keeper: &mut Child, remove: &str) {
    if let Some(mut input) = keeper.stdin.take() {
        let _ = writeln!(input, "{remove}");
    }
    let _ = keeper.wait();
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            end(&mut running.keeper, "remove");
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
